using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace CodeZero.AppManifest.Yaml;

/// <summary>What hostile YAML may cost.</summary>
/// <param name="FileBytes">Largest input, in bytes.</param>
/// <param name="Depth">Deepest nesting of mappings and lists, aliases followed.</param>
/// <param name="Nodes">Most nodes in one input, keys included, each alias counted as all that it stands for.</param>
public sealed record YamlLimits(int FileBytes = 512 * 1024, int Depth = 32, int Nodes = 20_000)
{
    public static YamlLimits Default { get; } = new();
}

/// <summary>The documents of a YAML stream that could be read, and what is wrong with it.</summary>
public sealed record YamlResult(IReadOnlyList<YamlNode> Documents, IReadOnlyList<Diagnostic> Diagnostics)
{
    public bool HasErrors => Diagnostics.Any(d => d.Severity == Severity.Error);
}

/// <summary>
/// Reads YAML 1.2 into <see cref="YamlNode"/> trees: UTF-8 (a byte order mark is fine), the core schema, unique keys, no tags but the core ones,
/// and hard <see cref="YamlLimits"/>. It never throws on bad input: every defect is a <see cref="Diagnostic"/> with its place.
/// </summary>
public static class YamlReader
{
    public static YamlResult Read(ReadOnlyMemory<byte> utf8, string file, YamlLimits? limits = null)
    {
        var diagnostics = new List<Diagnostic>();
        var documents = new List<YamlNode>();
        limits ??= YamlLimits.Default;
        if (YamlSource.Decode(utf8.Span, file, limits, diagnostics) is { } text)
            new Builder(text, file, limits, documents, diagnostics).Run();
        return new(documents, diagnostics);
    }

    private sealed class Builder(string text, string file, YamlLimits limits, List<YamlNode> documents, List<Diagnostic> diagnostics)
    {
        private const string CoreTag = "tag:yaml.org,2002:";

        private readonly Parser _parser = new(new StringReader(text));
        private readonly Dictionary<string, Measured> _anchors = new(StringComparer.Ordinal);
        private int _nodes;

        public void Run()
        {
            try
            {
                while (Next() is not StreamEnd)
                {
                    if (_parser.Current is not DocumentStart)
                        continue;
                    _anchors.Clear();
                    Next();
                    documents.Add(Node(0).Node);
                }
            }
            catch (Stop stop)
            {
                diagnostics.Add(stop.Reason);
            }
        }

        private ParsingEvent Next()
        {
            try
            {
                _parser.MoveNext();
                return _parser.Current!;
            }
            catch (YamlException e)
            {
                throw new Stop(YamlSource.SyntaxError(text, file, (int)e.Start.Line, (int)e.Start.Column, e.Message));
            }
            // The scanner is not ours: what else it throws on hostile input (such as an escape beyond Unicode) is a syntax error of that input too.
            catch (Exception e) when (e is ArgumentException or InvalidOperationException or FormatException or OverflowException or IndexOutOfRangeException)
            {
                var at = _parser.Current?.End ?? Mark.Empty;
                throw new Stop(YamlSource.SyntaxError(text, file, (int)at.Line, (int)at.Column, "this is not YAML"));
            }
        }

        /// <summary>Reads the node at the current event, and leaves the parser at its last event.</summary>
        private Measured Node(int depth)
        {
            var current = (ParsingEvent)_parser.Current!;
            var mark = At(current);
            if (current is AnchorAlias alias)
                return Alias(alias, depth, mark);
            Count(1, mark);
            if (current is not Scalar && depth >= limits.Depth)
                throw Fail("manifest.too_deep", $"The document nests deeper than {limits.Depth} levels. Flatten it.", mark);
            var measured = current switch
            {
                Scalar scalar => new Measured(ScalarOf(scalar, mark), 1, 0),
                SequenceStart sequence => SequenceOf(sequence, mark, depth),
                MappingStart mapping => MappingOf(mapping, mark, depth),
                _ => throw Fail("manifest.syntax", "A value is missing here.", mark),
            };
            if (current is NodeEvent { Anchor.IsEmpty: false } anchored)
                _anchors[anchored.Anchor.Value] = measured;
            return measured;
        }

        private Measured Alias(AnchorAlias alias, int depth, YamlMark mark)
        {
            if (!_anchors.TryGetValue(alias.Value.Value, out var target))
                throw Fail("manifest.unknown_alias",
                    $"The alias *{Shown.Text(alias.Value.Value)} names no anchor that was completed before it. Define &{Shown.Text(alias.Value.Value)} first.", mark);
            Count(target.Nodes, mark);
            if (depth + target.Height > limits.Depth)
                throw Fail("manifest.too_deep", $"This alias makes the document nest deeper than {limits.Depth} levels.", mark);
            return target;
        }

        private YamlScalar ScalarOf(Scalar scalar, YamlMark mark)
        {
            var style = scalar.Style switch
            {
                ScalarStyle.SingleQuoted => YamlStyle.SingleQuoted,
                ScalarStyle.DoubleQuoted => YamlStyle.DoubleQuoted,
                ScalarStyle.Literal => YamlStyle.Literal,
                ScalarStyle.Folded => YamlStyle.Folded,
                _ => YamlStyle.Plain,
            };
            var kind = style == YamlStyle.Plain ? YamlCoreSchema.Resolve(scalar.Value) : YamlKind.Text;
            if (scalar.Tag is { IsEmpty: false, IsNonSpecific: false })
                kind = Tagged(scalar, scalar.Tag.Value, mark);
            else if (scalar.Tag is { IsEmpty: false })
                kind = YamlKind.Text;
            return new YamlScalar(scalar.Value, style, kind, mark);
        }

        private YamlKind Tagged(Scalar scalar, string tag, YamlMark mark)
        {
            YamlKind? wanted = tag switch
            {
                "!" or CoreTag + "str" => YamlKind.Text,
                CoreTag + "null" => YamlKind.Null,
                CoreTag + "bool" => YamlKind.Boolean,
                CoreTag + "int" => YamlKind.WholeNumber,
                CoreTag + "float" => YamlKind.RealNumber,
                _ => null,
            };
            if (wanted is null)
                UnknownTag(tag, mark);
            else if (wanted == YamlKind.Text || wanted == YamlCoreSchema.Resolve(scalar.Value))
                return wanted.Value;
            else
                diagnostics.Add(Diagnostic.Error("manifest.tag", $"\"{Shown.Text(scalar.Value)}\" is not what its tag {Shown.Text(tag)} says. Remove the tag.", mark));
            return YamlKind.Text;
        }

        private void CollectionTag(NodeEvent start, string core, YamlMark mark)
        {
            if (start.Tag is { IsEmpty: false, IsNonSpecific: false } tag && tag.Value is var name && name != "!" && name != CoreTag + core)
                UnknownTag(name, mark);
        }

        private void UnknownTag(string tag, YamlMark mark) =>
            diagnostics.Add(Diagnostic.Error("manifest.unknown_tag", $"The tag {Shown.Text(tag)} is not allowed: only plain YAML is read. Remove the tag.", mark));

        private Measured SequenceOf(SequenceStart start, YamlMark mark, int depth)
        {
            CollectionTag(start, "seq", mark);
            var items = new List<YamlNode>();
            var (nodes, height) = (1, 0);
            while (Next() is not SequenceEnd)
            {
                var item = Node(depth + 1);
                items.Add(item.Node);
                nodes += item.Nodes;
                height = Math.Max(height, item.Height);
            }
            return new(new YamlSequence(items, mark), nodes, height + 1);
        }

        private Measured MappingOf(MappingStart start, YamlMark mark, int depth)
        {
            CollectionTag(start, "map", mark);
            var entries = new List<YamlEntry>();
            var seen = new Dictionary<string, YamlMark>(StringComparer.Ordinal);
            var (nodes, height) = (1, 0);
            while (Next() is not MappingEnd)
            {
                var keyMark = At(_parser.Current!);
                var key = Node(depth + 1);
                if (key.Node is not YamlScalar { Text: var name })
                    throw Fail("manifest.key", "A key must be a text. A value that starts with { or [ must be quoted.", keyMark);
                Next();
                var value = Node(depth + 1);
                nodes += key.Nodes + value.Nodes;
                height = Math.Max(height, value.Height);
                if (seen.TryAdd(name, keyMark))
                    entries.Add(new(name, keyMark, value.Node));
                else
                    diagnostics.Add(Diagnostic.Error("manifest.duplicate_key",
                        $"The key \"{Shown.Text(name)}\" stands twice in this mapping, first in line {seen[name].Line}. Keep one of them.", keyMark));
            }
            return new(new YamlMapping(entries, mark), nodes, height + 1);
        }

        private void Count(int nodes, YamlMark mark)
        {
            _nodes += nodes;
            if (_nodes > limits.Nodes)
                throw Fail("manifest.too_many_nodes",
                    string.Create(CultureInfo.InvariantCulture, $"The file has more than {limits.Nodes} values, aliases counted as what they stand for. Split it."), mark);
        }

        private YamlMark At(ParsingEvent e) => new(file, (int)e.Start.Line, (int)e.Start.Column);

        private static Stop Fail(string code, string message, YamlMark mark) => new(Diagnostic.Error(code, message, mark));

        /// <summary>A node, how many nodes it stands for, and how deep it goes below itself.</summary>
        private readonly record struct Measured(YamlNode Node, int Nodes, int Height);

        private sealed class Stop(Diagnostic reason) : Exception
        {
            public Diagnostic Reason { get; } = reason;
        }
    }
}
