using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Microsoft.AspNetCore.Mvc.ViewFeatures;

namespace CodeZero.Hub.Identity.Areas.Identity;

/// <summary>An error page of the Hub's own: for requests whose sender cannot be trusted with an answer.</summary>
internal static class RefusedView
{
    /// <param name="reason">One sentence for the person at the browser. Encoded when written, yet never text of the request.</param>
    /// <param name="status">400, or another that says who is to blame.</param>
    public static ViewResult Create(string reason, int status = StatusCodes.Status400BadRequest) => new()
    {
        ViewName = "~/Areas/Identity/Pages/Shared/Refused.cshtml",
        StatusCode = status,
        ViewData = new ViewDataDictionary<string>(new EmptyModelMetadataProvider(), new ModelStateDictionary()) { Model = reason },
    };
}
