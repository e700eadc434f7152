using System.ComponentModel.DataAnnotations;
using CodeZero.Hub.Identity.Domain;
using Microsoft.AspNetCore.Mvc;

namespace CodeZero.Hub.Identity.Features;

/// <summary>Which entries of the audit log: <c>?actor=&amp;action=&amp;target=&amp;from=&amp;to=</c>.</summary>
/// <param name="Actor">Who did it, by id or name (the e-mail address at that time).</param>
/// <param name="Action">What was done, such as <c>member.removed</c>, or <c>member.*</c>.</param>
/// <param name="Target">What it was done to, by id or name.</param>
/// <param name="From">Not before this time.</param>
/// <param name="To">Before this time.</param>
public sealed record AuditQuery(
    [property: FromQuery(Name = "actor"), StringLength(300)] string? Actor,
    [property: FromQuery(Name = "action"), StringLength(60)] string? Action,
    [property: FromQuery(Name = "target"), StringLength(300)] string? Target,
    [property: FromQuery(Name = "from")] DateTimeOffset? From,
    [property: FromQuery(Name = "to")] DateTimeOffset? To)
{
    internal AuditFilter ToFilter() => new(Actor, Action, Target, From, To);
}
