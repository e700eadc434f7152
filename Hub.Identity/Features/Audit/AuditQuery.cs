using System.ComponentModel.DataAnnotations;
using CodeZero.Hub.Identity.Domain;
using Microsoft.AspNetCore.Mvc;

namespace CodeZero.Hub.Identity.Features;

/// <summary>Which entries of the audit log: <c>?actor=&amp;action=&amp;target=&amp;from=&amp;to=</c>.</summary>
public sealed record AuditQuery
{
    /// <summary>Who did it, by id or name (the e-mail address at that time).</summary>
    [FromQuery(Name = "actor"), StringLength(300)]
    public string? Actor { get; init; }

    /// <summary>What was done, such as <c>member.removed</c>, or <c>member.*</c>.</summary>
    [FromQuery(Name = "action"), StringLength(60)]
    public string? Action { get; init; }

    /// <summary>What it was done to, by id or name.</summary>
    [FromQuery(Name = "target"), StringLength(300)]
    public string? Target { get; init; }

    /// <summary>Not before this time.</summary>
    [FromQuery(Name = "from")]
    public DateTimeOffset? From { get; init; }

    /// <summary>Before this time.</summary>
    [FromQuery(Name = "to")]
    public DateTimeOffset? To { get; init; }

    internal AuditFilter ToFilter() => new(Actor, Action, Target, From, To);
}
