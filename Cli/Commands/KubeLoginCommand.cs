using System.CommandLine;
using CodeZero.Cli.CommandLine;
using CodeZero.Cli.Kubernetes;
using CodeZero.Cli.Session;

namespace CodeZero.Cli.Commands;

/// <summary>czctl kube-login: kubectl runs it to sign the person in to a cluster's API server.</summary>
internal static class KubeLoginCommand
{
    private static readonly Option<string> Cluster = new("--cluster") { Description = "The cluster's name or id at the Hub.", HelpName = "CLUSTER", Required = true };

    public static CzCommand Create() => new CzCommand("kube-login", "Write a short-lived token for a cluster's API server, as kubectl's credential plugins do.",
    [
        "czctl clusters authentication production --for kubeconfig    # the kubeconfig by which kubectl runs it",
        "kubectl --user codezero-production get pods",
        "czctl kube-login --cluster production | jq -r .status.token",
    ], RunAsync).With(Cluster);

    private static async Task RunAsync(CommandContext context, CancellationToken ct)
    {
        ExecCredential.CheckAsker(context.Surroundings.Variable("KUBERNETES_EXEC_INFO"));
        var written = context.Get(Cluster)!;
        var tokens = new ClusterTokens(context.SessionStore, context.Session, context.Time);
        try
        {
            var token = await tokens.GetAsync($"{context.ChosenOrganization}/{written}", () => FindAudienceAsync(context, written, ct), ct);
            context.Terminal.Document(ExecCredential.Of(token.Token, token.ExpiresAt));
        }
        catch (TokenRefusedException refusal) when (refusal.Error == "invalid_target")
        {
            throw CommandError.NotFound($"There is no cluster {written}, or you may not sign in to it.", "To see those there are: czctl clusters list");
        }
        catch (TokenRefusedException refusal) when (refusal.Error == "insufficient_user_authentication")
        {
            throw CommandError.Refused("kube.sign_in", refusal.Message, "Sign in as the organization asks: czctl login");
        }
        catch (TokenRefusedException refusal)
        {
            throw CommandError.Refused("kube.refused", $"The Hub gave no token for the cluster ({refusal.Message}).");
        }
    }

    /// <summary>Asks the Hub for names alone: ids, as they stand in the kubeconfig, are enough by themselves.</summary>
    private static async Task<string> FindAudienceAsync(CommandContext context, string written, CancellationToken ct)
    {
        if (Guid.TryParse(context.ChosenOrganization, out var organization) && Guid.TryParse(written, out var cluster))
            return ClusterSignIn.AudienceOf(context.HubAddress, organization, cluster);
        return (await ClusterReference.FindSignInAsync(context, written, ct)).Audience;
    }
}
