using CodeZero.Hub.Platform.Web;

namespace CodeZero.Hub.Identity.Areas.Identity;

/// <summary>The one script of the pages, only on those that ask for a passkey.</summary>
internal static class PasskeyScript
{
    public static Asset Asset { get; } = Asset.Embedded(typeof(PasskeyScript).Assembly, "passkeys.js", "text/javascript; charset=utf-8");
}
