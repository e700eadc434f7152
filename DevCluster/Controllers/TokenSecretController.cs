using System.Text;
using CodeZero.DevCluster.Auth;
using CodeZero.DevCluster.Schemas;
using CodeZero.DevCluster.Storage;

namespace CodeZero.DevCluster.Controllers;

/// <summary>Fills Secrets of type service-account-token.</summary>
internal sealed class TokenSecretController(Cluster cluster, ServiceAccountTokens tokens, string caPem) : IController
{
    private const string Account = "kubernetes.io/service-account.name";
    private const string AccountUid = "kubernetes.io/service-account.uid";

    public IEnumerable<ObjectKey> Touched(StoreEvent change) => change.Object!.Key.Resource switch
    {
        "/secrets" when IsToken(change.Object) => [change.Object.Key],
        "/serviceaccounts" => cluster.Store.List("/secrets", change.Object.Key.Namespace).Where(IsToken).Select(s => s.Key),
        _ => [],
    };

    private static bool IsToken(StoredObject o) => o.Value.StringAt("type") == "kubernetes.io/service-account-token";

    public TimeSpan? Reconcile(ObjectKey key)
    {
        if (cluster.Get(key) is not { IsDeleting: false } secret || secret.Value.StringAt("metadata", "annotations", Account) is not { } name)
            return null;
        var account = cluster.Get("/serviceaccounts", key.Namespace, name);
        var uid = secret.Value.StringAt("metadata", "annotations", AccountUid);
        if (account is null || (uid is not null && uid != account.Uid))
        {
            if (uid is not null)
                cluster.Delete(secret);
            return null;
        }
        if (secret.Value.At("data", "token") is not null)
            return null;
        cluster.Modify(key, live =>
        {
            live.Ensure("metadata").Ensure("annotations")[AccountUid] = account.Uid;
            var data = live.Ensure("data");
            void Set(string field, string text) => data[field] = Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
            Set("token", tokens.Issue(key.Namespace, name, account.Uid, null, []).Token);
            Set("ca.crt", caPem);
            Set("namespace", key.Namespace);
            return true;
        });
        return null;
    }
}
