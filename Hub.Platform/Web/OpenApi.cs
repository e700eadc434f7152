using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using CodeZero.Hub.Platform.Tenancy;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace CodeZero.Hub.Platform.Web;

/// <summary>The API's description at <c>/openapi/v1.json</c> (OpenAPI 3.1), and a page to try it at <c>/docs</c>. The same build writes the same bytes.</summary>
internal static class OpenApi
{
    private const string DocumentName = "v1";
    private const string DocsPath = "/docs";

    internal static void AddOpenApiDocument(this IServiceCollection services)
    {
        services.AddEndpointsApiExplorer();
        services.Configure<Microsoft.AspNetCore.Mvc.JsonOptions>(json => json.JsonSerializerOptions.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false)));
        services.AddSwaggerGen(swagger =>
        {
            swagger.SwaggerDoc(DocumentName, new OpenApiInfo
            {
                Title = "CodeZero Hub",
                Version = DocumentName,
                Description = "Errors are problem details (RFC 9457) with a stable `code`. Lists are paged by `limit` and `cursor`. POSTs accept `Idempotency-Key`; updates need `If-Match`.",
            });
            swagger.CustomOperationIds(action => action.TryGetMethodInfo(out var method) ? OperationId(method) : null);
            swagger.CustomSchemaIds(SchemaId);
            swagger.SupportNonNullableReferenceTypes();
            swagger.NonNullableReferenceTypesAsRequired();
            swagger.AddSecurityDefinition(AccessTokenScheme, new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                BearerFormat = "at+jwt",
                Description = "An access token of the Hub's issuer; one that is bound to a key goes as `DPoP <token>` with a proof (RFC 9449). Operations that name a permission take personal access tokens and API keys too.",
            });
            swagger.OperationFilter<Conventions>();
            swagger.DocumentFilter<Order>();
        });
    }

    /// <summary>The page to try the API, before routing: it is files, not routes.</summary>
    internal static void UseOpenApiPage(this WebApplication app) => app.UseWhen(context => context.Request.Path.StartsWithSegments(DocsPath), docs =>
    {
        docs.Use((context, next) =>
        {
            context.Response.Headers.ContentSecurityPolicy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";
            return next(context);
        });
        docs.UseSwaggerUI(ui =>
        {
            ui.RoutePrefix = DocsPath[1..];
            ui.SwaggerEndpoint($"/openapi/{DocumentName}.json", "CodeZero Hub");
            ui.DocumentTitle = "CodeZero Hub API";
        });
    });

    internal static void MapOpenApiDocument(this WebApplication app) => app
        .MapSwagger("/openapi/{documentName}.json", options => options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1)
        .AllowAnonymousBecause("The description of a public API.");

    private const string AccessTokenScheme = "accessToken";

    /// <summary>A feature's class is named after what it does: <c>CreateCluster.Handle</c> → <c>CreateCluster</c>.</summary>
    private static string OperationId(MethodInfo method) => method.Name is "Handle" or "HandleAsync" ? method.DeclaringType!.Name : method.Name;

    /// <summary><c>CreateCluster.Request</c> → <c>CreateClusterRequest</c>; <c>Page&lt;X&gt;</c> → <c>PageOfX</c>.</summary>
    private static string SchemaId(Type type)
    {
        var name = type.IsGenericType ? $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}Of{string.Concat(type.GetGenericArguments().Select(SchemaId))}" : type.Name;
        return type is { IsNested: true, DeclaringType: { } outer } ? outer.Name + name : name;
    }

    /// <summary>What every endpoint has in common: who may call it, and how it refuses.</summary>
    private sealed class Conventions : IOperationFilter
    {
        public void Apply(OpenApiOperation operation, OperationFilterContext context)
        {
            var metadata = context.ApiDescription.ActionDescriptor.EndpointMetadata;
            var anonymous = metadata.OfType<IAllowAnonymous>().Any();
            if (!anonymous)
                operation.Security = [new() { [new OpenApiSecuritySchemeReference(AccessTokenScheme, context.Document)] = [] }];
            if (metadata.OfType<OrganizationRequirement>().LastOrDefault() is { } role)
                operation.Description = $"{operation.Description}\n\nRole: {JsonNamingPolicy.CamelCase.ConvertName(role.Minimum.ToString())} or higher. Permission: `{role.Permission.Name}`.".Trim();
            if (HttpMethods.IsPost(context.ApiDescription.HttpMethod ?? ""))
                (operation.Parameters ??= []).Add(new OpenApiParameter
                {
                    Name = Idempotency.Header,
                    In = ParameterLocation.Header,
                    Description = "Makes a repeated request safe for 24 hours.",
                    Schema = new OpenApiSchema { Type = JsonSchemaType.String, MaxLength = 255 },
                });
            operation.Responses ??= [];
            operation.Responses["default"] = Problem(context, anonymous
                ? "A refusal: 400, 404, 409, 412, 422, 429, 503."
                : "A refusal: 400, 401, 403, 404, 409, 412, 422, 428, 429, 503.");
        }

        private static OpenApiResponse Problem(OperationFilterContext context, string description) => new()
        {
            Description = description,
            Content = new Dictionary<string, IOpenApiMediaType>
            {
                ["application/problem+json"] = new OpenApiMediaType { Schema = context.SchemaGenerator.GenerateSchema(typeof(ProblemDetails), context.SchemaRepository) },
            },
        };
    }

    /// <summary>Paths and schemas in the order of their names, whatever order modules are mapped in.</summary>
    private sealed class Order : IDocumentFilter
    {
        public void Apply(OpenApiDocument swaggerDoc, DocumentFilterContext context)
        {
            var paths = new OpenApiPaths();
            foreach (var (path, item) in swaggerDoc.Paths.OrderBy(path => path.Key, StringComparer.Ordinal))
                paths.Add(path, item);
            swaggerDoc.Paths = paths;
            if (swaggerDoc.Components?.Schemas is { } schemas)
                swaggerDoc.Components.Schemas = schemas.OrderBy(schema => schema.Key, StringComparer.Ordinal).ToDictionary();
        }
    }
}
