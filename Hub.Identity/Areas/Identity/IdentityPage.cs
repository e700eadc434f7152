using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Identity.Protocol;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Core.Infrastructure;
using Microsoft.AspNetCore.Mvc.Filters;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace CodeZero.Hub.Identity.Areas.Identity;

/// <summary>What the module's pages have in common.</summary>
internal abstract class IdentityPage : PageModel
{
    public const string Area = "Identity";

    private PagePolicy _policy = new();

    /// <summary>Who is signed in at this browser; null when nobody is.</summary>
    public SignedIn? Session => User.Identity?.AuthenticationType == Sessions.Scheme ? Sessions.Read(User) : null;

    /// <summary>The session, when its person signed in by factors of their own; null when an organization's provider vouched for them: that is good for the organization alone.</summary>
    public SignedIn? OwnSession => Session is { LimitedTo: null } session ? session : null;

    protected CancellationToken Aborted => HttpContext.RequestAborted;

    /// <summary>303: the browser goes on with GET and does not repeat what was posted (RFC 9700 §4.12).</summary>
    protected internal StatusCodeResult SeeOther(string address)
    {
        Response.Headers.Location = address;
        return StatusCode(StatusCodes.Status303SeeOther);
    }

    /// <summary>Lets this page's form end at a client.</summary>
    protected void AllowFormsTo(string redirectUri) => Apply(_policy with { FormTarget = new Uri(redirectUri).GetLeftPart(UriPartial.Authority) });

    /// <summary>Lets this page have the script for passkeys.</summary>
    protected void AllowScript() => Apply(_policy with { Scripted = true });

    private void Apply(PagePolicy policy) => Response.Headers.ContentSecurityPolicy = (_policy = policy).ToString();
}

/// <summary>For every page of the module: who is signed in, before the antiforgery check binds forms to them; headers; and no method but the page's own.</summary>
internal sealed class IdentityPageFilter : IAsyncAuthorizationFilter, IAsyncPageFilter, IAlwaysRunResultFilter, IOrderedFilter
{
    /// <summary>Before the antiforgery filter (1000).</summary>
    public int Order => 0;

    public async Task OnAuthorizationAsync(AuthorizationFilterContext context)
    {
        var headers = context.HttpContext.Response.Headers;
        headers.ContentSecurityPolicy = new PagePolicy().ToString();
        headers.CacheControl = "no-cache, no-store";
        headers["Referrer-Policy"] = "no-referrer";
        headers.XFrameOptions = "DENY";
        var session = await context.HttpContext.AuthenticateAsync(Sessions.Scheme);
        context.HttpContext.User = session.Principal ?? new();
    }

    /// <summary>A form without its antiforgery token gets words, not a bare 400.</summary>
    public void OnResultExecuting(ResultExecutingContext context)
    {
        if (context.Result is IAntiforgeryValidationFailedResult)
            context.Result = RefusedView.Create("This form was open for too long, or belongs to another sign-in. Go back, load the page again, and send it once more.");
    }

    public void OnResultExecuted(ResultExecutedContext context)
    {
    }

    public Task OnPageHandlerSelectionAsync(PageHandlerSelectedContext context) => Task.CompletedTask;

    public async Task OnPageHandlerExecutionAsync(PageHandlerExecutingContext context, PageHandlerExecutionDelegate next)
    {
        if (context.HandlerMethod is not null)
        {
            await next();
            return;
        }
        var methods = context.ActionDescriptor.HandlerMethods.Select(handler => handler.HttpMethod.ToUpperInvariant()).Distinct();
        context.HttpContext.Response.Headers.Allow = string.Join(", ", methods);
        context.Result = new StatusCodeResult(StatusCodes.Status405MethodNotAllowed);
    }
}
