using System.Globalization;
using CodeZero.Hub.Clusters.Domain;
using CodeZero.Hub.Platform.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CodeZero.Hub.Clusters.Features;

/// <summary>The tag of what is wanted of an install: reports come all the time, and change nothing that a person decides.</summary>
internal static class InstallEtag
{
    public static string Of(Install install) => string.Create(CultureInfo.InvariantCulture, $"\"{install.Revision}\"");

    public static ProblemHttpResult? Check(HttpRequest request, Install install) => ETags.RequireMatch(request, Of(install));
}
