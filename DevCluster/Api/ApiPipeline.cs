using CodeZero.DevCluster.Auth;

namespace CodeZero.DevCluster.Api;

/// <summary>The way of every request: who is it, whom do they act for, may they, then the work. Failures become a <c>Status</c>.</summary>
internal sealed partial class ApiPipeline(Authenticator authenticator, Rbac rbac, ResourceEndpoints resources, Discovery discovery, OpenApiDocuments openApi, ILogger<ApiPipeline> log)
{
    private static readonly string[] OpenPaths = ["/version", "/healthz", "/livez", "/readyz"];

    public async Task HandleAsync(HttpContext http)
    {
        try
        {
            await ServeAsync(http);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client went away; there is no one to answer.
        }
        catch (StatusException e)
        {
            await WriteFailureAsync(http, e);
        }
        catch (BadHttpRequestException e)
        {
            await WriteFailureAsync(http, new(e.StatusCode, "BadRequest", e.Message));
        }
        catch (Exception e)     // the boundary of a request: a bug answers 500 and the server lives on
        {
            Failed(log, http.Request.Method, http.Request.Path, e);
            await WriteFailureAsync(http, new(500, "InternalError", $"Internal error occurred: {e.Message}"));
        }
    }

    private async Task ServeAsync(HttpContext http)
    {
        var request = http.Request;
        var path = request.Path.Value ?? "/";
        http.Response.Headers["Audit-Id"] = Guid.CreateVersion7().ToString();
        var user = await authenticator.AuthenticateAsync(request);
        var info = RequestInfo.Parse(request.Method, path, request.Query["watch"].FirstOrDefault() is "true" or "1");
        user = authenticator.Impersonate(request, user);
        Authorize(user, info);
        if (info.IsResource)
            await resources.HandleAsync(http, info, user);
        else
            await ServePathAsync(http, path);
    }

    private void Authorize(User user, RequestInfo info)
    {
        if (!info.IsResource)
        {
            if (!OpenPaths.Any(p => info.Path == p || info.Path.StartsWith($"{p}/", StringComparison.Ordinal)) && !rbac.Allows(user, new(info.Verb, Path: info.Path)))
                throw new StatusException(403, "Forbidden", $"forbidden: User \"{user.Name}\" cannot {info.Verb} path \"{info.Path}\"", new());
            return;
        }
        var access = new AccessRequest(info.Verb, info.Group, info.Resource, info.Subresource, info.Namespace, info.Name);
        if (!rbac.Allows(user, access))
            throw Denied(user, access);
    }

    public static StatusException Denied(User user, AccessRequest r)
    {
        var resource = r.Subresource.Length == 0 ? r.Resource : $"{r.Resource}/{r.Subresource}";
        var where = r.Namespace.Length == 0 || r.Resource == "namespaces" && r.Name.Length == 0 ? "at the cluster scope" : $"in the namespace \"{r.Namespace}\"";
        return StatusException.Forbidden(r.Group, r.Resource, r.Name, $"User \"{user.Name}\" cannot {r.Verb} resource \"{resource}\" in API group \"{r.Group}\" {where}");
    }

    private async Task ServePathAsync(HttpContext http, string path)
    {
        if (!HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method))
            throw StatusException.MethodNotAllowed();
        if (OpenPaths.Skip(1).Any(p => path == p || path.StartsWith($"{p}/", StringComparison.Ordinal)))
        {
            http.Response.ContentType = "text/plain; charset=utf-8";
            await http.Response.WriteAsync("ok");
            return;
        }
        if (path.StartsWith("/openapi/", StringComparison.Ordinal))
            await openApi.WriteAsync(http, path);
        else
            await discovery.WriteAsync(http, path);
    }

    private static async Task WriteFailureAsync(HttpContext http, StatusException failure)
    {
        if (http.Response.HasStarted)
        {
            http.Abort();
            return;
        }
        if (failure.RetryAfterSeconds is { } seconds)
            http.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (failure.Code == 401)
            http.Response.Headers.WWWAuthenticate = "Bearer";
        await Http.WriteAsync(http.Response, failure.Code, failure.ToStatus());
    }

    [LoggerMessage(1, LogLevel.Error, "{Method} {Path} failed by a bug in DevCluster")]
    private static partial void Failed(ILogger log, string method, string path, Exception e);
}
