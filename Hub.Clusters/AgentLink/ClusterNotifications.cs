using CodeZero.Hub.Clusters.States;
using CodeZero.Hub.Platform.Messaging;
using Microsoft.Extensions.Hosting;

namespace CodeZero.Hub.Clusters.AgentLink;

/// <summary>What other replicas (and this one) tell: a new state, another agent. Who waits looks again; who is remembered is forgotten.</summary>
internal sealed class ClusterNotifications(INotifications notifications, StateWaits waits, AgentDirectory directory) : IHostedService
{
    private IDisposable? _states, _agents;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _states = notifications.Subscribe(StatePublisher.Channel, HearOfState);
        _agents = notifications.Subscribe(AgentDirectory.Channel, HearOfAgent);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _states?.Dispose();
        _agents?.Dispose();
        return Task.CompletedTask;
    }

    private void HearOfState(Notification heard)
    {
        if (Guid.TryParse(heard.Payload, out var cluster))
            waits.Wake(cluster);
        else
            waits.WakeAll();
    }

    private void HearOfAgent(Notification heard)
    {
        if (Guid.TryParse(heard.Payload, out var cluster))
        {
            directory.Forget(cluster);
            waits.Wake(cluster);
        }
        else
        {
            directory.ForgetAll();
            waits.WakeAll();
        }
    }
}
