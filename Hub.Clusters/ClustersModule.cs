using System.Text.Json;
using CodeZero.AgentProtocol;
using CodeZero.Hub.Clusters.AgentLink;
using CodeZero.Hub.Clusters.Data;
using CodeZero.Hub.Clusters.Features;
using CodeZero.Hub.Clusters.Jobs;
using CodeZero.Hub.Clusters.States;
using CodeZero.Hub.Contracts;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Hosting;
using CodeZero.Hub.Platform.Jobs;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace CodeZero.Hub.Clusters;

/// <summary>Clusters, their agents, what is installed on them, and the signed states that say so.</summary>
public static class ClustersModule
{
    public const string Name = "Clusters";

    public static IServiceCollection AddClusters(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddValidation();
        services.AddValidatedOptions<ClustersOptions>(configuration, ClustersOptions.Section);
        services.AddModuleDb<ClustersDb>(ClustersDb.Schema);
        services.AddSingleton<StateKeys>().AddSingleton<IStateKeys>(provider => provider.GetRequiredService<StateKeys>()).AddHostedService(provider => provider.GetRequiredService<StateKeys>());
        services.AddSingleton<ClustersMetrics>().AddSingleton<StateWaits>().AddSingleton<AgentDirectory>().AddSingleton<PullState>();
        services.AddHostedService<ClusterNotifications>();
        services.AddHubJob<RefreshStates>(RefreshStates.Name, RefreshStates.Cron);
        services.AddScoped<IMachineClients, Machines>().AddScoped<IOrganizationHold, OrganizationHold>().AddScoped<IClusters, OwnedClusters>();
        services.AddScoped<StatePublisher>().AddScoped<Acceptance>().AddScoped<InstallContents>();
        services.AddScoped<EnrolAgent>().AddScoped<SendReport>().AddScoped<RequestInstall>().AddScoped<ChangeInstall>().AddScoped<StoreApproval>();
        return services;
    }

    public static void MapClusters(this IEndpointRouteBuilder routes)
    {
        MapPeople(routes);
        MapAgent(routes, routes.ServiceProvider.GetRequiredService<IOptions<ClustersOptions>>().Value);
    }

    private static void MapPeople(IEndpointRouteBuilder routes)
    {
        var clusters = routes.MapGroup("/v1/orgs/{org}/clusters").WithTags("Clusters").WithUnitOfWork<RouteGroupBuilder, ClustersDb>();
        clusters.MapGet("/", ListClusters.Handle).RequirePermission(Permissions.ReadClusters);
        clusters.MapPost("/", CreateCluster.Handle).RequirePermission(Permissions.ManageClusters);

        var cluster = clusters.MapGroup("/{cluster}");
        cluster.MapGet("/", GetCluster.Handle).RequirePermission(Permissions.ReadClusters);
        cluster.MapDelete("/", RemoveCluster.Handle).RequirePermission(Permissions.ManageClusters);
        cluster.MapGet("/enrolments", ListEnrolments.Handle).RequirePermission(Permissions.ReadClusters);
        cluster.MapPost("/enrolments", CreateEnrolment.Handle).RequirePermission(Permissions.ManageClusters);
        cluster.MapPost("/agent/acceptance", AcceptAgent.Handle).RequirePermission(Permissions.ManageClusters);
        cluster.MapDelete("/agent", RevokeAgent.Handle).RequirePermission(Permissions.ManageClusters);
        cluster.MapGet("/installs", ListInstalls.Handle).RequirePermission(Permissions.ReadClusters);
        cluster.MapGet("/installs/{install:guid}", GetInstall.Handle).RequirePermission(Permissions.ReadClusters);
        cluster.MapDelete("/installs/{install:guid}", RemoveInstall.Handle).RequirePermission(Permissions.ManageInstalls);
        cluster.MapGet("/approvals", ListApprovals.Handle).RequirePermission(Permissions.ReadClusters);
        cluster.MapPost("/approvals", StoreApproval.Handle).RequirePermission(Permissions.SubmitApprovals);
        cluster.MapGet("/reports", ListReports.Handle).RequirePermission(Permissions.ReadClusters);
        cluster.MapGet("/revisions", ListRevisions.Handle).RequirePermission(Permissions.ReadClusters);
        cluster.MapGet("/receipts", ListReceipts.Handle).RequirePermission(Permissions.ReadClusters);

        // These ask the catalogue first, which has a connection of its own.
        var choosing = routes.MapGroup("/v1/orgs/{org}/clusters/{cluster}/installs").WithTags("Clusters").WithLateUnitOfWork<RouteGroupBuilder, ClustersDb>();
        choosing.MapPost("/", RequestInstall.Handle).RequirePermission(Permissions.ManageInstalls);
        choosing.MapPatch("/{install:guid}", ChangeInstall.Handle).RequirePermission(Permissions.ManageInstalls);
    }

    /// <summary>The messages have their own strict reader and their own description, <c>docs/agent-protocol.md</c>: in the API's description they are any JSON.</summary>
    private static void MapAgent(IEndpointRouteBuilder routes, ClustersOptions options)
    {
        var joining = routes.MapGroup("").WithTags("Agent");
        joining.MapPost(AgentApi.Enrol, EnrolAgent.Handle)
            .WithAddressLimit("enrolment", options.EnrolmentsPerMinute).WithMetadata(new OwnRepetition()).Accepts<JsonElement>("application/json").Produces<JsonElement>(StatusCodes.Status201Created).ProducesProblem(StatusCodes.Status401Unauthorized)
            .AllowAnonymousBecause("The agent has no account yet: its one-time enrolment token in the Authorization header is what is checked.");
        joining.MapGet(AgentApi.Enrolment, GetEnrolmentStanding.Handle)
            .Produces<JsonElement>().ProducesProblem(StatusCodes.Status401Unauthorized).ProducesProblem(StatusCodes.Status404NotFound)
            .AllowAnonymousBecause("An agent that waits for acceptance gets no token: a DPoP proof by its key is what is checked, and it learns of that key only.");
        joining.MapGet(AgentApi.StateKeys, GetStateKeys.Handle).Produces<JsonElement>()
            .AllowAnonymousBecause("Public keys, each signed by the one before: nobody need be known to read or to check them.");

        var agent = routes.MapGroup("").WithTags("Agent").RequireAgent().AddEndpointFilter<CurrentAgentFilter>();
        // A poll holds no transaction, so the unit of work stands on the others only.
        agent.MapGet(AgentApi.State, PullState.Handle)
            .Produces(StatusCodes.Status200OK, contentType: "application/json").Produces(StatusCodes.Status304NotModified).ProducesProblem(StatusCodes.Status401Unauthorized);
        var working = agent.MapGroup("").WithUnitOfWork<RouteGroupBuilder, ClustersDb>();
        working.MapGet(AgentApi.Blobs, FetchBlob.Handle).Produces(StatusCodes.Status200OK, contentType: "application/octet-stream").ProducesProblem(StatusCodes.Status404NotFound);
        working.MapPost(AgentApi.Reports, SendReport.Handle).Accepts<JsonElement>("application/json").Produces(StatusCodes.Status204NoContent).WithMetadata(new BodyLimit(AgentReport.MaxBytes + 1));
        working.MapPost(AgentApi.Receipts, SendReceipt.Handle).Accepts<JsonElement>("application/json").Produces(StatusCodes.Status204NoContent);
    }

    private sealed record BodyLimit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;
}
