using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CodeZero.Architecture.Tests.BadInput;

/// <summary>What callers send by mistake or to do harm, and where they put it.</summary>
internal static class BadValues
{
    private const string Mark = "\u0001the value\u0001";

    private static string Many(string what, int times) => string.Concat(Enumerable.Repeat(what, times));

    /// <summary>Values of one parameter, as they stand in an address or a form.</summary>
    private static readonly (string What, string Value)[] Encoded =
    [
        ("empty", ""), ("blank", "%20"), ("long", Many("a", 400)), ("overlong", Many("a", 4000)), ("NUL", "a%00b"), ("control characters", "a%01%1B%7F"), ("line breaks", "a%0D%0ASet-Cookie:%20x=1"),
        ("not UTF-8", "a%FF%FE"), ("half a surrogate pair", "%ED%A0%80"), ("overlong UTF-8", "%C0%AF"), ("cut UTF-8", "%F0%9F"), ("not a character", "%EF%BF%BF"), ("right to left", "%E2%80%AEtxt"),
        ("half an escape", "%"), ("wrong escape", "%zz"), ("negative", "-1"), ("zero", "0"), ("huge number", "99999999999999999999999999999999"), ("beyond 64 bits", "9223372036854775808"),
        ("fraction", "1.5"), ("infinite", "1e999"), ("not a number", "NaN"), ("truth", "true"), ("list", "%5B%5D"), ("object", "%7B%22a%22%3A1%7D"), ("no GUID", "0190-zzzz"),
        ("empty GUID", "00000000-0000-0000-0000-000000000000"), ("earliest time", "0001-01-01T00:00:00Z"), ("latest time", "9999-12-31T23:59:59.9999999Z"), ("time off the calendar", "9999-12-31T23:59:59-14:00"),
        ("no time", "2024-02-30T25:61:61Z"), ("above", "..%2F..%2Fetc%2Fpasswd"), ("quote", "'%20or%20'1'='1"), ("markup", "%3Cscript%3Ealert(1)%3C/script%3E"), ("pattern", "%25_%5C"), ("address", "https://evil.example/"),
        ("a cursor that is none", "eyJhIjoxfQ"), ("a cursor of the wrong list", "WyIxIiwiYSIsImIiLCJjIl0"), ("a cursor of NUL", "WyIxIiwiXHUwMDAwIl0"), ("a cursor with half a surrogate pair", "WyIxIiwiXHVkODAwIl0"),
    ];

    /// <summary>Values of one member of a JSON body, as they stand in JSON.</summary>
    private static readonly (string What, string Json)[] Members =
    [
        ("null", "null"), ("number", "1"), ("truth", "true"), ("text", "\"x\""), ("list", "[]"), ("list of nothing", "[null]"), ("object", "{}"), ("empty", "\"\""), ("blank", "\" \""),
        ("long", $"\"{Many("a", 400)}\""), ("overlong", $"\"{Many("a", 70_000)}\""), ("NUL", "\"a\\u0000b\""), ("control characters", "\"a\\u0001\\u001b\\r\\nb\""), ("a bare control character", "\"a\u0001b\""),
        ("half a surrogate pair", "\"\\ud800\""), ("the other half", "\"a\\udc00b\""), ("not UTF-8", "\"\u00ff\u00fe\""), ("not a character", "\"\\uffff\""), ("negative", "-1"), ("huge number", Many("9", 400)), ("beyond 64 bits", "9223372036854775808"),
        ("infinite", "1e999"), ("fraction", "1.5"), ("deep", Many("[", 100) + Many("]", 100)), ("object in text", "\"{\\\"a\\\":1}\""), ("many", $"[{string.Join(',', Enumerable.Repeat("\"x\"", 5000))}]"),
        ("empty GUID", "\"00000000-0000-0000-0000-000000000000\""), ("latest time", "\"9999-12-31T23:59:59.9999999-14:00\""), ("wrong escape", "\"\\x\""), ("no end", "\"abc"),
    ];

    /// <summary>Whole bodies, with the media type they are sent as; null leaves the operation's own.</summary>
    private static readonly (string What, string? Type, byte[] Body)[] Bodies =
    [
        ("nothing", null, []), ("null", null, "null"u8.ToArray()), ("list", null, "[]"u8.ToArray()), ("number", null, "1"u8.ToArray()), ("text", null, "\"x\""u8.ToArray()), ("no end", null, "{\"a\":"u8.ToArray()),
        ("more than one", null, "{} {}"u8.ToArray()), ("comment", null, "{/* */}"u8.ToArray()), ("byte order mark", null, [0xEF, 0xBB, 0xBF, (byte)'{', (byte)'}']), ("not UTF-8", null, [0xFF, 0xFE, 0x00, 0x80]), ("NUL", null, [0, 0, 0, 0]),
        ("deep", null, Encoding.ASCII.GetBytes(Many("{\"a\":", 2000) + "1" + Many("}", 2000))), ("deep lists", null, Encoding.ASCII.GetBytes(Many("[", 20_000))), ("empty name", null, "{\"\":1}"u8.ToArray()),
        ("half a surrogate pair as a name", null, "{\"\\ud800\":1}"u8.ToArray()), ("too large", null, new byte[(1 << 20) + 1]), ("plain text", "text/plain", "{}"u8.ToArray()), ("no type that there is", "x", "{}"u8.ToArray()),
        ("empty type", "", "{}"u8.ToArray()), ("UTF-16", "application/json; charset=utf-16", Encoding.Unicode.GetBytes("{}")), ("unknown charset", "application/json; charset=none", "{}"u8.ToArray()),
        ("unknown charset of a form", "application/x-www-form-urlencoded; charset=none", "a=b"u8.ToArray()), ("form", "application/x-www-form-urlencoded", "a=b&a=c"u8.ToArray()),
        ("form of nothing", "application/x-www-form-urlencoded", "&&&=&="u8.ToArray()), ("form of many", "application/x-www-form-urlencoded", Encoding.ASCII.GetBytes(Many("a=b&", 3000))),
        ("parts without boundary", "multipart/form-data", "--x\r\n\r\n"u8.ToArray()), ("parts without end", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb"u8.ToArray()),
        ("parts without names", "multipart/form-data; boundary=x", "--x\r\n\r\nb\r\n--x--\r\n"u8.ToArray()), ("a boundary too long", $"multipart/form-data; boundary={Many("x", 500)}", "--x--"u8.ToArray()),
        ("parts that climb", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"manifest\"; filename=\"../../c6o.yaml\"\r\n\r\n\u0000\r\n--x--\r\n"u8.ToArray()),
        ("parts with half a name", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"a\r\n\r\nb\r\n--x--\r\n"u8.ToArray()),
        ("YAML of references", "application/yaml", "a: &a [x,x]\nb: &b [*a,*a,*a]\nc: &c [*b,*b,*b]\nd: [*c,*c,*c]\n"u8.ToArray()), ("YAML without end", "application/yaml", "a: [\"\\ud800\""u8.ToArray()), ("YAML of bytes", "application/yaml", [0xFF, 0x00, 0x01]),
        ("XML", "application/xml", "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>"u8.ToArray()),
    ];

    /// <summary>Headers that any request may have.</summary>
    private static readonly (string Name, string Value)[] Headers =
    [
        ("Authorization", ""), ("Authorization", "Bearer"), ("Authorization", "Bearer x"), ("Authorization", "Bearer a.b.c"), ("Authorization", "Bearer eyJhbGciOiJub25lIn0.e30."), ("Authorization", "DPoP x"), ("Authorization", "Basic"),
        ("Authorization", "Basic !!!"), ("Authorization", "Basic Og=="), ("Authorization", "Basic AAAA"), ("Authorization", "Basic //79"), ("Authorization", "Basic " + Many("QUFB", 2000)), ("Authorization", "Bearer \u00ff\u00fe"),
        ("Authorization", "Bearer " + Many("a", 12_000)), ("Authorization", "codezero-enrolment x"), ("DPoP", ""), ("DPoP", "x"), ("DPoP", "a.b.c"), ("DPoP", "e30.e30.AAAA"), ("DPoP", "eyJhbGciOiJFUzI1NiIsInR5cCI6ImRwb3Arand0IiwiandrIjp7fX0.e30.AAAA"),
        ("DPoP", "eyJ0eXAiOiJcdWQ4MDAifQ.e30.AAAA"), ("If-Match", ""), ("If-Match", "*"), ("If-Match", "\"0\""), ("If-Match", "W/\"0\""), ("If-Match", "\""), ("If-Match", ",,,"), ("If-Match", "\"\u00ff\""), ("If-Match", Many("\"a\",", 1500)),
        ("If-None-Match", "*"), ("If-None-Match", "\""), ("If-Modified-Since", "x"), ("If-Unmodified-Since", "Thu, 99 Foo 0000"), ("Idempotency-Key", ""), ("Idempotency-Key", Many("k", 256)), ("Idempotency-Key", "a b"), ("Idempotency-Key", "\u00e4"),
        ("Accept", ""), ("Accept", "x"), ("Accept", "text/html;q=x"), ("Accept", "text/html"), ("Accept", Many("text/html,", 1000)), ("Accept", "\u00ff/\u00ff"), ("Accept-Language", "\u00ff-x"), ("Accept-Encoding", "x;q=9"), ("Cookie", "="), ("Cookie", ";;;a=b;=;a"),
        ("Cookie", "codezero-session=x; codezero-form=x; codezero-first-factor=x; codezero-notice=x"), ("Cookie", "__Host-codezero-session=%00; __Host-codezero-notice=CfDJ8"), ("Content-Encoding", "gzip"), ("Content-Encoding", "x"), ("Range", "bytes=9-1,-"),
        ("Origin", "null"), ("Referer", "\u00ff"), ("Host", "evil.example"), ("X-Forwarded-For", "x"), ("X-Forwarded-Host", "evil.example"), ("X-HTTP-Method-Override", "DELETE"), ("traceparent", "x"), ("traceparent", $"00-{Many("f", 32)}-{Many("0", 16)}-ff"),
        ("tracestate", Many("a=b,", 300)), ("baggage", "\u0001"), ("User-Agent", Many("\u00ff", 3000)), ("Last-Event-ID", "x"),
    ];

    private static readonly string[] Repeatable = ["Authorization", "DPoP", "If-Match", "Idempotency-Key", "Cookie", "Host", "Content-Type", "Accept"];

    private static readonly string[] Methods = ["HEAD", "OPTIONS", "TRACE", "CONNECT", "PUT", "PATCH", "DELETE", "POST", "GET", "PROPFIND", "get", "X"];

    public static IEnumerable<Change> OfPath(string name) =>
        from bad in Encoded
        where bad.Value.Length > 0
        select new Change($"path {name}: {bad.What}", draft => draft.Path[name] = bad.Value);

    public static IEnumerable<Change> OfQuery(string name) => OfPairs("query", name, draft => draft.Query);

    public static IEnumerable<Change> OfForm(string name) => OfPairs("form", name, draft => draft.Form!);

    /// <summary>Values of a header that the operation itself reads.</summary>
    public static IEnumerable<Change> OfHeader(string name) =>
        from bad in Encoded
        where bad.Value.Length < 1000
        select new Change($"header {name}: {bad.What}", draft => draft.SetHeader(name, Uri.UnescapeDataString(bad.Value).Replace("\r\n", " ", StringComparison.Ordinal)));

    public static IEnumerable<Change> OfBodies =>
        from bad in Bodies
        select new Change($"body: {bad.What}", draft => (draft.Form, draft.Body, draft.ContentType) = (null, bad.Body, bad.Type ?? draft.ContentType));

    public static IEnumerable<Change> OfHeaders =>
        from bad in Headers
        select new Change($"header {bad.Name}: {bad.Value[..Math.Min(30, bad.Value.Length)]}", draft => draft.SetHeader(bad.Name, bad.Value));

    public static IEnumerable<Change> OfRepeatedHeaders =>
        from name in Repeatable
        select new Change($"header {name} twice", draft => draft.Headers.AddRange([(name, "x"), (name, "y")]));

    public static IEnumerable<Change> OfMethods(IReadOnlyCollection<string> known) =>
        from method in Methods.Except(known)
        select new Change($"method {method}", draft => draft.Method = method);

    /// <summary>Each member of a JSON body, at every depth: left out, repeated, and with each bad value.</summary>
    public static IEnumerable<IEnumerable<Change>> OfJson(JsonNode body) => MembersOf(body, "").ToList().Select(member => OfMember(member.Path, member.Name, member.Holder[member.Name]?.ToJsonString() ?? "null", Blank(body, member.Holder, member.Name)));

    private static IEnumerable<Change> OfMember(string path, string name, string right, string blank)
    {
        yield return new($"body {path}: twice", draft => draft.Body = Fill(blank, $"{right},{JsonSerializer.Serialize(name)}:{right}"));
        yield return new($"body {path}: once more in capitals", draft => draft.Body = Fill(blank, $"{right},{JsonSerializer.Serialize(name.ToUpperInvariant())}:1"));
        yield return new($"body {path}: left out", draft => draft.Body = Encoding.Latin1.GetBytes(blank.Replace($"{JsonSerializer.Serialize(name)}:{Mark}", "\"left-out\":1", StringComparison.Ordinal)));
        foreach (var (what, json) in Members)
            yield return new($"body {path}: {what}", draft => draft.Body = Fill(blank, json));
    }

    private static IEnumerable<Change> OfPairs(string where, string name, Func<Draft, List<(string Name, string Value)>> pairs)
    {
        yield return new($"{where} {name}: left out", draft => pairs(draft).RemoveAll(pair => pair.Name == name));
        yield return new($"{where} {name}: twice", draft => pairs(draft).AddRange([(name, "a"), (name, "b")]));
        yield return new($"{where} {name}: of a list", draft => pairs(draft).Add(($"{name}%5B0%5D", "a")));
        foreach (var (what, value) in Encoded)
            yield return new($"{where} {name}: {what}", draft =>
            {
                pairs(draft).RemoveAll(pair => pair.Name == name);
                pairs(draft).Add((name, value));
            });
    }

    private static IEnumerable<(JsonObject Holder, string Name, string Path)> MembersOf(JsonNode? node, string path) => node switch
    {
        JsonObject holder => holder.SelectMany(member => MembersOf(member.Value, $"{path}.{member.Key}").Prepend((holder, member.Key, $"{path}.{member.Key}"))),
        JsonArray { Count: > 0 } list => MembersOf(list[0], $"{path}[0]"),
        _ => [],
    };

    /// <summary>The body's text with a mark for one member's value.</summary>
    private static string Blank(JsonNode body, JsonObject holder, string name)
    {
        var right = holder[name];
        holder[name] = "the value";
        var text = body.ToJsonString();
        holder[name] = right;
        return text.Replace("\"the value\"", Mark, StringComparison.Ordinal);
    }

    /// <summary>The body with a value as it is given, right JSON or not; as Latin-1, so that what is beyond ASCII is no UTF-8.</summary>
    private static byte[] Fill(string blank, string json) => Encoding.Latin1.GetBytes(blank.Replace(Mark, json, StringComparison.Ordinal));
}
