using CodeZero.Hub.Identity.Sso;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Microsoft.AspNetCore.Mvc.ViewFeatures;

namespace CodeZero.Hub.Identity.Areas.Identity;

/// <summary>
/// The page between the Hub and an organization's provider. It goes on by itself: a redirect would be the end of a form, which the pages' policy lets end at the Hub alone, and providers
/// redirect on to hosts that nobody knows beforehand.
/// </summary>
internal static class DepartureView
{
    public static ViewResult Create(SsoDeparture departure, HttpResponse response)
    {
        response.Headers["Refresh"] = $"0; url={departure.Address.AbsoluteUri}";
        return new()
        {
            ViewName = "~/Areas/Identity/Pages/Shared/Departure.cshtml",
            ViewData = new ViewDataDictionary<SsoDeparture>(new EmptyModelMetadataProvider(), new ModelStateDictionary()) { Model = departure },
        };
    }
}
