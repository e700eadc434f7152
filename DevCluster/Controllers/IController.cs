using CodeZero.DevCluster.Storage;

namespace CodeZero.DevCluster.Controllers;

/// <summary>Brings one kind of thing to the state its objects ask for. Level-triggered: it looks at what is, not at what happened.</summary>
internal interface IController
{
    /// <summary>The objects that may need a look after this write.</summary>
    IEnumerable<ObjectKey> Touched(StoreEvent change);

    /// <summary>Looks at one object (which may be gone) and does the next step.</summary>
    /// <returns>When to look again even if nothing is written, or null.</returns>
    TimeSpan? Reconcile(ObjectKey key);
}
