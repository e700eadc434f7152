namespace CodeZero.Hub.Identity.Areas.Identity;

/// <summary>A page's Content-Security-Policy: nothing but our style and our forms, unless the page asks for more.</summary>
/// <param name="FormTarget">Origin of a client that the page's form may end at, over redirects: browsers apply <c>form-action</c> to each of them.</param>
/// <param name="Scripted">The page has the script for passkeys.</param>
internal sealed record PagePolicy(string? FormTarget = null, bool Scripted = false)
{
    public override string ToString() =>
        $"default-src 'none'; style-src 'self'; {(Scripted ? "script-src 'self'; " : "")}img-src 'self' data:; form-action 'self'{(FormTarget is null ? "" : " " + FormTarget)}; frame-ancestors 'none'; base-uri 'none'";
}
