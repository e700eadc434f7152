using System.CommandLine;
using CodeZero.AgentProtocol;
using CodeZero.AgentProtocol.Signing;
using CodeZero.Cli.CommandLine;
using CodeZero.Cli.Kubernetes;
using CodeZero.Hub.Client;

namespace CodeZero.Cli.Commands;

/// <summary>czctl clusters join: writes into a cluster what its agent needs to join, by the person's own kubectl.</summary>
internal static class JoinCommand
{
    private static readonly Argument<string> Name = new("cluster") { Description = "The cluster's name or id at the Hub." };

    private static readonly Option<string?> Mode = new Option<string?>("--mode")
    {
        Description = "What an install needs before the agent applies it: hub (the Hub's signature), or approved (approvals by keys the Hub does not have). Default: approved with --approver, else hub.",
        HelpName = "hub|approved",
    }.AcceptOnlyFromAmong("hub", "approved");

    private static readonly Option<string[]> Approver = new("--approver") { Description = "A public key that approves: the .pub file of `czctl keys create`, or a JWK. May be repeated.", HelpName = "FILE.pub|JWK" };
    private static readonly Option<int> Threshold = new("--threshold") { Description = "How many of the approvers must approve an install.", DefaultValueFactory = _ => 1, HelpName = "N" };
    private static readonly Option<string?> Kubeconfig = new("--kubeconfig") { Description = "For kubectl. Default: kubectl's own.", HelpName = "FILE" };
    private static readonly Option<string?> Context = new("--context") { Description = "For kubectl. Default: the current one.", HelpName = "NAME" };
    private static readonly Option<bool> Print = new("--print") { Description = "Print the manifests, with the one-time token in them, instead of applying them." };
    private static readonly Option<string?> AgentImage = new("--agent-image") { Description = "The agent's container image. Default: $CZCTL_AGENT_IMAGE.", HelpName = "IMAGE" };
    private static readonly Option<bool> NoAgent = new("--no-agent") { Description = "Leave the agent's Deployment out: it runs in another way." };

    public static CzCommand Create() => new CzCommand("join", "Let a Kubernetes cluster join: writes trust root, policy, rights, one-time token and agent by kubectl.",
    [
        "czctl keys create approver.pem",
        "czctl clusters join production --approver approver.pem.pub --agent-image registry.example.com/codezero/agent:0.1.0",
        "czctl clusters join demo --mode hub --no-agent --print | kubectl apply --server-side -f -",
    ], RunAsync).With(Name, Mode, Approver, Threshold, Kubeconfig, Context, Print, AgentImage, NoAgent);

    private static async Task RunAsync(CommandContext context, CancellationToken ct)
    {
        var wanted = Read(context);
        var kubectl = context.Get(Print) ? null : Kubectl.Find(context.Surroundings, context.Get(Kubeconfig), context.Get(Context));
        var organization = await context.OrganizationAsync(ct);
        var cluster = await context.Terminal.WaitAsync("Asking the Hub", ClusterReference.FindAsync(context, organization, context.Get(Name), ct));
        if (cluster.Status is "enrolled" or "pending")
        {
            Refuse(context, cluster);
            return;
        }
        var withPolicy = kubectl is null || await IsAbsentAsync(context, kubectl, ct);
        var enrolment = await context.Terminal.WaitAsync("Asking for a token", context.Hub.Clusters.EnrolAsync(organization, cluster.Id.ToString(), ct: ct));
        var manifests = JoinManifests.Write(new(HubOf(context, enrolment), enrolment.Token, Trust(wanted, enrolment), wanted.AgentImage, withPolicy));
        if (kubectl is null)
        {
            context.Terminal.Note($"The manifests hold a one-time token, good until {Times.Clock(enrolment.ExpiresAt, context.Time.GetUtcNow())}.");
            context.Terminal.Print(manifests);
            return;
        }
        var applied = await context.Terminal.WaitAsync("Applying by kubectl", kubectl.RunAsync(["apply", "--server-side", "--field-manager=czctl", "-f", "-"], manifests, ct));
        var lines = applied.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        context.Terminal.Result(new { cluster = cluster.Id, cluster.Name, status = "joining", mode = wanted.Mode.ToString().ToLowerInvariant(), enrolment = new { enrolment.Id, enrolment.ExpiresAt }, applied = lines }, output =>
        {
            foreach (var line in lines)
                output.WriteLine(Terminal.Printable(line));
            output.WriteLine($"The agent has until {Times.Clock(enrolment.ExpiresAt, context.Time.GetUtcNow())} to join. Then: czctl clusters accept {cluster.Name}");
        });
    }

    private sealed record Wanted(TrustMode Mode, IReadOnlyList<EcPublicKey> Approvers, int Threshold, string? AgentImage);

    /// <summary>Everything that can be wrong on the command line is found before a token is made.</summary>
    private static Wanted Read(CommandContext context)
    {
        var approvers = (context.Get(Approver) ?? []).Select(KeyFiles.ReadPublic).ToList();
        var mode = context.Get(Mode) is "approved" || (context.Get(Mode) is null && approvers.Count > 0) ? TrustMode.Approved : TrustMode.Hub;
        var threshold = context.Get(Threshold);
        if (mode == TrustMode.Hub && approvers.Count > 0)
            throw CommandError.Usage("Approvers have no say in mode hub.", "Leave --mode out, or leave --approver out.");
        if (mode == TrustMode.Approved && approvers.Count == 0)
            throw CommandError.Usage("Mode approved needs keys that approve.", "Make one with `czctl keys create approver.pem`, and give --approver approver.pem.pub.");
        if (threshold < 1 || (mode == TrustMode.Approved && threshold > approvers.Count))
            throw CommandError.Usage($"--threshold {threshold} cannot be met by {approvers.Count} approver(s).", "Give more approvers, or a lower threshold.");
        var image = context.Get(NoAgent) ? null : context.Get(AgentImage) ?? context.Surroundings.Variable("CZCTL_AGENT_IMAGE")
            ?? throw CommandError.Usage("Which image is the agent?", "Give --agent-image (or set CZCTL_AGENT_IMAGE), or --no-agent when it runs in another way.");
        return new(mode, approvers, threshold, image);
    }

    private static void Refuse(CommandContext context, Cluster cluster) =>
        context.Terminal.Result(new { cluster = cluster.Id, cluster.Name, status = cluster.Status }, output => output.WriteLine(cluster.Status == "enrolled"
            ? $"{cluster.Name} has joined already, with agent {cluster.Agent?.Thumbprint}. To let another agent join, revoke this one first: czctl clusters revoke {cluster.Name}"
            : $"An agent of {cluster.Name} waits to be accepted. Compare its thumbprint and accept it: czctl clusters accept {cluster.Name}. If it is not yours: czctl clusters revoke {cluster.Name}"));

    /// <summary>A policy that is there is the customer's, and stays.</summary>
    private static async Task<bool> IsAbsentAsync(CommandContext context, Kubectl kubectl, CancellationToken ct)
    {
        var found = await context.Terminal.WaitAsync("Asking the cluster",
            kubectl.RunAsync(["get", "configmap", JoinManifests.PolicyName, "--namespace", JoinManifests.Namespace, "--ignore-not-found", "--output=name"], null, ct));
        return string.IsNullOrWhiteSpace(found);
    }

    private static TrustRoot Trust(Wanted wanted, Enrolment enrolment)
    {
        var stateKeys = enrolment.StateKeys.Select(jwk => new TrustedKey(KeyFiles.ParsePublic(jwk.GetRawText(), "The Hub's state key"), enrolment.HubUrl.Host));
        try
        {
            return new(wanted.Mode, [.. stateKeys], [.. wanted.Approvers.Select(key => new TrustedKey(key))], threshold: wanted.Threshold);
        }
        catch (ArgumentException e)
        {
            throw CommandError.Refused("trust.invalid", $"The cluster's trust root cannot be written: {e.Message}");
        }
    }

    private static Uri HubOf(CommandContext context, Enrolment enrolment)
    {
        if (enrolment.HubUrl.Authority != context.HubAddress.Authority)
            context.Terminal.Warn($"You use the Hub as {context.HubAddress.Authority}; the agent will use {enrolment.HubUrl.Authority}, as the Hub says.");
        return enrolment.HubUrl;
    }
}
