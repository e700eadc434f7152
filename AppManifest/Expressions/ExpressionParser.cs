namespace CodeZero.AppManifest.Expressions;

/// <summary>Recursive descent over the grammar that <see cref="Expression"/> describes.</summary>
internal sealed class ExpressionParser
{
    private const int MaxDepth = 64;
    private readonly ExpressionLexer _lexer;
    private Token _token;
    private int _depth;

    public ExpressionParser(string source)
    {
        _lexer = new(source);
        _token = _lexer.Next();
    }

    public Node Parse()
    {
        if (_token is { Kind: TokenKind.Name, Text: "return" })
            Advance();
        var root = ConditionalNode();
        while (Accept(";"))
        {
        }
        return _token.Kind == TokenKind.End ? root : throw Unexpected();
    }

    private Node ConditionalNode()
    {
        if (++_depth > MaxDepth)
            throw new ExpressionSyntaxException(ExpressionLexer.At(_token.Position, $"the expression nests deeper than {MaxDepth} levels"));
        var test = OrNode();
        if (Accept("?"))
        {
            var then = ConditionalNode();
            Expect(":");
            test = new Node.Conditional(test, then, ConditionalNode());
        }
        _depth--;
        return test;
    }

    private Node OrNode()
    {
        var left = AndNode();
        while (Accept("||"))
            left = new Node.Or(left, AndNode());
        return left;
    }

    private Node AndNode()
    {
        var left = EqualityNode();
        while (Accept("&&"))
            left = new Node.And(left, EqualityNode());
        return left;
    }

    private Node EqualityNode()
    {
        var left = RelationalNode();
        while (Symbol("===", "!==", "==", "!=") is { } op)
            left = new Node.Comparison(op, left, RelationalNode());
        return left;
    }

    private Node RelationalNode()
    {
        var left = AdditiveNode();
        while (Symbol("<=", ">=", "<", ">") is { } op)
            left = new Node.Comparison(op, left, AdditiveNode());
        return left;
    }

    private Node AdditiveNode()
    {
        var left = UnaryNode();
        while (Symbol("+", "-") is { } op)
            left = op == "+" ? new Node.Add(left, UnaryNode()) : new Node.Subtract(left, UnaryNode());
        return left;
    }

    private Node UnaryNode()
    {
        if (Symbol("!", "-") is not { } op)
            return Postfix(Primary());
        if (++_depth > MaxDepth)
            throw new ExpressionSyntaxException(ExpressionLexer.At(_token.Position, $"the expression nests deeper than {MaxDepth} levels"));
        var operand = UnaryNode();
        _depth--;
        return op == "!" ? new Node.Not(operand) : new Node.Negate(operand);
    }

    private Node Primary()
    {
        var token = _token;
        Advance();
        return token switch
        {
            { Kind: TokenKind.Number } => new Node.Literal(AnswerValue.Of(token.Number)),
            { Kind: TokenKind.Text } => new Node.Literal(AnswerValue.Of(token.Text)),
            { Kind: TokenKind.Regex } => Test(token),
            { Kind: TokenKind.Name } => Named(token),
            { Kind: TokenKind.Symbol, Text: "(" } => Parenthesised(),
            _ => throw Unexpected(token),
        };
    }

    private Node Named(Token name) => name.Text switch
    {
        "true" => new Node.Literal(AnswerValue.Of(true)),
        "false" => new Node.Literal(AnswerValue.Of(false)),
        "null" => new Node.Literal(AnswerValue.Null),
        "undefined" => new Node.Literal(AnswerValue.Undefined),
        "value" => new Node.Subject(),
        "answers" => AnswerNode(),
        _ => throw new ExpressionSyntaxException(ExpressionLexer.At(name.Position,
            $"\"{Shown.Text(name.Text)}\" is not known here; there are only `value` and `answers`")),
    };

    private Node.Answer AnswerNode()
    {
        if (Accept("."))
            return new Node.Answer(new Node.Literal(AnswerValue.Of(Name())));
        Expect("[");
        var name = ConditionalNode();
        Expect("]");
        return new Node.Answer(name);
    }

    private Node Parenthesised()
    {
        var inner = ConditionalNode();
        Expect(")");
        return inner;
    }

    private Node Postfix(Node target)
    {
        while (Accept("."))
        {
            var position = _token.Position;
            var member = Name();
            target = member switch
            {
                "length" => new Node.Length(target),
                "includes" or "startsWith" or "endsWith" => new Node.TextCall(member, target, Argument()),
                "match" => new Node.Matches(Pattern(), target, OnlyTexts: true),
                _ => throw new ExpressionSyntaxException(ExpressionLexer.At(position,
                    $"\".{Shown.Text(member)}\" is not known; there are .length, .includes(), .startsWith(), .endsWith() and .match()")),
            };
        }
        return target;
    }

    private Node Argument()
    {
        Expect("(");
        return Parenthesised();
    }

    private System.Text.RegularExpressions.Regex Pattern()
    {
        Expect("(");
        var token = _token;
        if (token.Kind != TokenKind.Regex)
            throw new ExpressionSyntaxException(ExpressionLexer.At(token.Position, "match() takes a regular expression, written /…/"));
        Advance();
        Expect(")");
        return ScriptRegex.Compile(token);
    }

    private Node.Matches Test(Token regex)
    {
        Expect(".");
        if (Name() != "test")
            throw new ExpressionSyntaxException(ExpressionLexer.At(regex.Position, "a regular expression is used as /…/.test(value)"));
        return new Node.Matches(ScriptRegex.Compile(regex), Argument(), OnlyTexts: false);
    }

    private string Name()
    {
        var token = _token;
        if (token.Kind != TokenKind.Name)
            throw Unexpected();
        Advance();
        return token.Text;
    }

    private void Advance() => _token = _lexer.Next();

    private bool Accept(string symbol)
    {
        if (_token.Kind != TokenKind.Symbol || _token.Text != symbol)
            return false;
        Advance();
        return true;
    }

    private string? Symbol(params ReadOnlySpan<string> symbols)
    {
        foreach (var symbol in symbols)
            if (Accept(symbol))
                return symbol;
        return null;
    }

    private void Expect(string symbol)
    {
        if (!Accept(symbol))
            throw new ExpressionSyntaxException(ExpressionLexer.At(_token.Position, $"expected \"{symbol}\", found \"{Shown.Text(_token.Text)}\""));
    }

    private ExpressionSyntaxException Unexpected() => Unexpected(_token);

    private static ExpressionSyntaxException Unexpected(Token token) =>
        new(ExpressionLexer.At(token.Position, $"\"{Shown.Text(token.Text)}\" does not belong here"));
}
