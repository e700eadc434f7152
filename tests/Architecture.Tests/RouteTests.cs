using System.Reflection;
using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Tenancy;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Validation;

namespace CodeZero.Architecture.Tests;

/// <summary>What every route owes: a policy, validation, and an end when the caller has gone.</summary>
public sealed class RouteTests(HubUnderTest hub) : IClassFixture<HubUnderTest>
{
    [Fact]
    public void Every_route_has_a_policy_or_a_reason_to_have_none() => Findings.None(
        from endpoint in hub.Endpoints
        let anonymous = endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null
        let reason = endpoint.Metadata.GetMetadata<AnonymousReason>()
        let policy = endpoint.Metadata.GetMetadata<IAuthorizeData>() is not null || endpoint.Metadata.GetMetadata<AuthorizationPolicy>() is not null
        where anonymous ? string.IsNullOrWhiteSpace(reason?.Reason) : !policy
        select Name(endpoint));

    [Fact]
    public void Every_route_of_an_organization_asks_for_a_role() => Findings.None(
        hub.Endpoints.Where(endpoint => endpoint.RoutePattern.GetParameter(OrganizationPolicy.RouteParameter) is not null && endpoint.Metadata.GetMetadata<OrganizationRequirement>() is null).Select(Name));

    [Fact]
#pragma warning disable ASP0029 // how validation looks types up may change; then this test tells
    public void Every_request_type_is_validated()
    {
        var validation = hub.Hub.Services.GetRequiredService<IOptions<ValidationOptions>>().Value;

        Findings.None(
            from endpoint in hub.Endpoints
            let handler = endpoint.Metadata.GetMetadata<MethodInfo>()
            where handler is not null
            from parameter in handler.GetParameters()
            where IsBody(endpoint, parameter) && HasRules(parameter.ParameterType, []) && !validation.TryGetValidatableTypeInfo(parameter.ParameterType, out _)
            select $"{Name(endpoint)}: {parameter.ParameterType} (public? does the module call AddValidation?)");
    }
#pragma warning restore ASP0029

    [Fact]
    public void Every_text_of_a_request_has_rules() => Findings.None(
        from endpoint in hub.Endpoints
        let handler = endpoint.Metadata.GetMetadata<MethodInfo>()
        where handler is not null
        from parameter in handler.GetParameters()
        where IsBody(endpoint, parameter)
        from text in TextsWithoutRules(parameter.ParameterType)
        select $"{Name(endpoint)}: {text}");

    /// <summary>Otherwise a crash between the change and the keeping of the answer lets a repetition change a second time.</summary>
    [Fact]
    public void Every_post_notes_its_idempotency_key_in_its_own_transaction_or_says_itself_what_a_repetition_means() => Findings.None(
        from endpoint in hub.Endpoints
        where endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains("POST") ?? false
        where endpoint.Metadata.GetMetadata<OneTransaction>() is null && endpoint.Metadata.GetMetadata<OwnRepetition>() is null
        select Name(endpoint));

    [Fact]
    public void Every_handler_that_waits_can_be_cancelled() => Findings.None(
        from endpoint in hub.Endpoints
        let handler = endpoint.Metadata.GetMetadata<MethodInfo>()
        where handler is not null && IsOurs(handler.DeclaringType!) && IsAwaitable(handler.ReturnType) && handler.GetParameters().All(parameter => parameter.ParameterType != typeof(CancellationToken))
        select Name(endpoint));

    private static string Name(RouteEndpoint endpoint) => $"{string.Join(',', endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? [])} {endpoint.RoutePattern.RawText}";

    private static bool IsBody(RouteEndpoint endpoint, ParameterInfo parameter) =>
        endpoint.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType == parameter.ParameterType && IsOurs(parameter.ParameterType)
        || parameter.GetCustomAttribute<FromBodyAttribute>() is not null && IsOurs(parameter.ParameterType);

    private static bool IsOurs(Type type) => type.Assembly.GetName().Name!.StartsWith("CodeZero.", StringComparison.Ordinal);

    private static bool IsAwaitable(Type type) => type.GetMethod(nameof(Task.GetAwaiter)) is not null;

    private static bool HasRules(Type type, HashSet<Type> seen) => IsOurs(type) && seen.Add(type)
        && type.GetProperties().Any(property => RulesOf(property).Any() || HasRules(Inner(property.PropertyType), seen));

    /// <summary>A text without length, pattern or choice takes a megabyte.</summary>
    private static IEnumerable<string> TextsWithoutRules(Type type) =>
        from property in type.GetProperties()
        where property.PropertyType == typeof(string) && property.CanWrite && !RulesOf(property).Any(rule => rule is not System.ComponentModel.DataAnnotations.RequiredAttribute)
        select $"{type.Name}.{property.Name}";

    /// <summary>On a positional record the rules stand at the constructor's parameter.</summary>
    private static IEnumerable<System.ComponentModel.DataAnnotations.ValidationAttribute> RulesOf(PropertyInfo property) =>
        property.GetCustomAttributes<System.ComponentModel.DataAnnotations.ValidationAttribute>().Concat(property.DeclaringType!.GetConstructors()
            .SelectMany(constructor => constructor.GetParameters()).Where(parameter => parameter.Name == property.Name).SelectMany(parameter => parameter.GetCustomAttributes<System.ComponentModel.DataAnnotations.ValidationAttribute>()));

    private static Type Inner(Type type) => type.IsGenericType ? type.GetGenericArguments()[^1] : type.GetElementType() ?? type;
}
