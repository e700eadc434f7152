using System.CommandLine;
using CodeZero.Cli.CommandLine;

namespace CodeZero.Cli.Commands;

/// <summary>czctl clusters authentication: what a cluster's API server is told so that it believes the Hub, and what kubectl is told.</summary>
internal static class ClusterAuthenticationCommand
{
    private const string Server = "server", Flags = "flags", Kubeconfig = "kubeconfig", RoleBinding = "rolebinding";

    private static readonly Argument<string> Name = new("cluster") { Description = "The cluster's name or id at the Hub." };

    private static readonly Option<string> For = new Option<string>("--for")
    {
        Description = "server: the AuthenticationConfiguration for kube-apiserver. flags: the same as flags. kubeconfig: the user with which kubectl asks czctl. rolebinding: an example of rights for a group.",
        DefaultValueFactory = _ => Server,
        HelpName = "server|flags|kubeconfig|rolebinding",
    }.AcceptOnlyFromAmong(Server, Flags, Kubeconfig, RoleBinding);

    public static CzCommand Create() => new CzCommand("authentication", "Print what lets people sign in to the cluster's API server by the Hub.",
    [
        "czctl clusters authentication production > authentication.yaml    # kube-apiserver --authentication-config",
        "czctl clusters authentication production --for flags",
        "czctl clusters authentication production --for kubeconfig > ~/.kube/codezero-production",
        "czctl clusters authentication production --for rolebinding | kubectl apply -f -",
    ], RunAsync).With(Name, For);

    private static async Task RunAsync(CommandContext context, CancellationToken ct)
    {
        var signIn = await context.Terminal.WaitAsync("Asking the Hub", ClusterReference.FindSignInAsync(context, context.Get(Name), ct));
        if (signIn.Hub.Scheme != Uri.UriSchemeHttps)
            context.Terminal.Warn("Kubernetes believes https issuers alone; this Hub's address is http. DevCluster takes it on this machine.");
        var document = new { cluster = signIn.Cluster, signIn.Name, signIn.Issuer, signIn.Audience, signIn.Flags, signIn.Configuration, signIn.Kubeconfig, signIn.RoleBinding };
        context.Terminal.Result(document, output => output.Write(context.Get(For) switch
        {
            Flags => string.Concat(signIn.Flags.Select(flag => flag + "\n")),
            Kubeconfig => Yaml.Write(signIn.Kubeconfig),
            RoleBinding => Yaml.Write(signIn.RoleBinding),
            _ => Yaml.Write(signIn.Configuration),
        }));
    }
}
