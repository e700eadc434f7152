namespace CodeZero.Hub.Contracts;

/// <summary>Something that happened in one module and that others may act on. Delivered at least once, through the transactional outbox.</summary>
public interface IIntegrationEvent
{
    /// <summary>The organization it happened in; handlers run as that tenant.</summary>
    Guid OrganizationId { get; }
}

/// <summary>Acts on an event of another module. Must be idempotent: the same event id may come twice.</summary>
public interface IHandles<in TEvent> where TEvent : IIntegrationEvent
{
    Task HandleAsync(Guid eventId, TEvent happened, CancellationToken ct);
}
