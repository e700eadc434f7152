using CodeZero.Testing;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Architecture.Tests;

/// <summary>The whole Hub, and what it is made of.</summary>
public sealed class HubUnderTest : HubFixture
{
    private IServiceCollection _services = new ServiceCollection();

    /// <summary>Every endpoint that has a route.</summary>
    public IReadOnlyList<RouteEndpoint> Endpoints => [.. Hub.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()];

    /// <summary>Every module's DbContext.</summary>
    public IReadOnlyList<Type> Databases => [.. _services.Select(service => service.ServiceType).Where(type => type.IsSubclassOf(typeof(DbContext))).Distinct()];

    /// <summary>The services are taken note of while they are still to be registered; the list fills up afterwards.</summary>
    protected override void Configure(IServiceCollection services) => _services = services;
}
