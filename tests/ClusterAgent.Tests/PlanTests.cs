using System.Text.Json.Nodes;
using CodeZero.ClusterAgent.Apps;
using CodeZero.ClusterAgent.Kubernetes;
using CodeZero.Testing;
using static CodeZero.ClusterAgent.Tests.Rendering;

namespace CodeZero.ClusterAgent.Tests;

public class PlanTests
{
    private static readonly AppKey s_app = new("demo", "web");

    [Fact]
    public void What_was_applied_and_is_still_so_is_not_written_again()
    {
        var (desired, live, inventory) = Applied();

        Assert.Equal(PlanAction.Keep, Plan(desired, inventory, live).Objects[0].Action);
    }

    [Fact]
    public void Others_fields_and_defaults_are_no_drift_and_our_own_are()
    {
        var (desired, live, inventory) = Applied();
        var scaled = live.Clone();
        scaled.Json["spec"]!["replicas"] = 3;
        Assert.Equal(PlanAction.Keep, Plan(desired, inventory, scaled).Objects[0].Action);

        var changed = live.Clone();
        changed.Json["spec"]!["paused"] = false;
        Assert.Equal(PlanAction.Correct, Plan(desired, inventory, changed).Objects[0].Action);

        var taken = live.Clone();
        taken.Metadata["managedFields"]![0]!["fieldsV1"]!["f:spec"]!.AsObject().Remove("f:paused");
        Assert.Equal(PlanAction.Correct, Plan(desired, inventory, taken).Objects[0].Action);
    }

    [Fact]
    public void A_deleted_object_is_put_back_and_a_new_rendering_is_written()
    {
        var (desired, live, inventory) = Applied();
        Assert.Equal(PlanAction.Correct, Plan(desired, inventory, null).Objects[0].Action);
        desired.Json["spec"]!["paused"] = false;
        Assert.Equal(PlanAction.Write, Plan(desired, inventory, live).Objects[0].Action);
    }

    [Fact]
    public void An_intended_object_is_written_again_after_a_crash()
    {
        var (desired, live, _) = Applied();

        Assert.Equal(PlanAction.Write, Plan(desired, Inventory.New().Intending([desired.Ref]), live).Objects[0].Action);
    }

    [Fact]
    public void Somebody_elses_object_of_the_name_is_not_taken_over()
    {
        var (desired, live, inventory) = Applied();
        live.Metadata["labels"]![AppNames.IdLabel] = "demo-other";
        live.Metadata["labels"]![AppNames.AppLabel] = "other";

        var foreign = Assert.Single(Plan(desired, Inventory.New(), live).Foreign);
        Assert.Equal("apply.conflict", foreign.Code);
        Assert.Contains("the App other", foreign.Message, StringComparison.Ordinal);
        Assert.Empty(Plan(desired, inventory, live).Foreign);
    }

    [Fact]
    public void What_is_no_longer_rendered_is_obsolete()
    {
        var (_, _, inventory) = Applied();

        Assert.Equal("web", Assert.Single(ApplyPlan.Make(s_app, [], inventory, new Dictionary<ObjectRef, KubernetesObject>()).Obsolete).Ref.Name);
    }

    [Fact]
    public void An_inventory_survives_its_text_and_damage_is_noticed()
    {
        var (_, _, inventory) = Applied();
        var read = Inventory.Read(inventory.ToText())!;

        Assert.Equal(inventory.Entries, read.Entries);
        Assert.Equal(inventory.Key, read.Key);
        foreach (var damaged in (string[])["", "{", "[]", "{\"objects\":[]}", "{\"key\":\"!\"}"])
            Assert.Null(Inventory.Read(damaged));
    }

    [Fact]
    public void Managed_lists_are_followed_by_their_keys()
    {
        var live = Object("""
            {"apiVersion":"v1","kind":"Service","metadata":{"name":"s","managedFields":[{"manager":"codezero-agent","operation":"Apply","fieldsType":"FieldsV1",
              "fieldsV1":{"f:spec":{"f:ports":{"k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:port":{},"f:targetPort":{}}}},"f:metadata":{"f:finalizers":{"v:\"a\"":{}}}}}],
              "finalizers":["a","b"]},"spec":{"ports":[{"port":79,"protocol":"TCP","targetPort":1},{"port":80,"protocol":"TCP","targetPort":8080}]}}
            """);
        var before = ManagedFields.DigestOf(live, AppNames.FieldManager);
        live.Json["spec"]!["ports"]![0]!["targetPort"] = 2;
        live.Metadata["finalizers"]!.AsArray().RemoveAt(1);
        Assert.Equal(before, ManagedFields.DigestOf(live, AppNames.FieldManager));
        live.Json["spec"]!["ports"]![1]!["targetPort"] = 2;
        Assert.NotEqual(before, ManagedFields.DigestOf(live, AppNames.FieldManager));
    }

    [Fact]
    public void Waves_go_from_what_is_needed_to_what_needs()
    {
        ResourceKind[] order = [ResourceKind.CustomResourceDefinition, ResourceKind.Secret, ResourceKind.NetworkPolicy, ResourceKind.Deployment, ResourceKind.Service];

        Assert.Equal([0, 1, 1, 2, 3], order.Select(Waves.Of));
    }

    [Fact]
    public void Tries_double_up_to_a_ceiling_and_end()
    {
        var options = new AppControllerOptions();

        Assert.Equal([10, 20, 40, 1280, 1800, 1800], ((int[])[1, 2, 3, 8, 9, 20]).Select(tries => (int)AppController.RetryDelay(tries, options)!.Value.TotalSeconds));
        Assert.Null(AppController.RetryDelay(21, options));
    }

    [Fact]
    public async Task A_key_is_worked_on_once_at_a_time_and_what_came_meanwhile_is_not_lost()
    {
        using var queue = new WorkQueue<int>(TimeProvider.System);
        queue.Add(1);
        queue.Add(1);
        Assert.Equal(1, await queue.TakeAsync(default));
        queue.Add(1);
        queue.Add(2);
        Assert.Equal(2, await queue.TakeAsync(default));
        queue.Done(1);
        Assert.Equal(1, await queue.TakeAsync(default));
    }

    [Fact]
    public async Task Of_several_delays_the_shortest_counts()
    {
        var clock = new FakeTimeProvider();
        using var queue = new WorkQueue<int>(clock);
        queue.AddAfter(1, TimeSpan.FromMinutes(5));
        queue.AddAfter(1, TimeSpan.FromSeconds(5));
        queue.AddAfter(1, TimeSpan.FromMinutes(1));
        var next = queue.TakeAsync(default).AsTask();
        clock.Advance(TimeSpan.FromSeconds(4));
        Assert.False(next.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(1, await next);
    }

    [Fact]
    public void A_long_name_is_cut_and_stays_unique()
    {
        var (a, b) = (AppNames.Claim("app", new string('a', 80)), AppNames.Claim("app", new string('a', 81)));

        Assert.True(a.Length <= 63 && b.Length <= 63);
        Assert.NotEqual(a, b);
        Assert.Equal("app-data", AppNames.Claim("app", "data"));
    }

    private static ApplyPlan Plan(KubernetesObject desired, Inventory inventory, KubernetesObject? live) =>
        ApplyPlan.Make(s_app, [desired], inventory, live is null ? new Dictionary<ObjectRef, KubernetesObject>() : new() { [live.Ref] = live });

    private static (KubernetesObject Desired, KubernetesObject Live, Inventory Inventory) Applied()
    {
        var desired = Object("""
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"demo",
              "labels":{"app.kubernetes.io/managed-by":"codezero","system.codezero.io/app":"web","system.codezero.io/id":"demo-web"}},"spec":{"paused":true}}
            """);
        var live = desired.Clone();
        live.Metadata["uid"] = "u1";
        live.Json["spec"]!["replicas"] = 1;
        live.Metadata["managedFields"] = JsonNode.Parse("""
            [{"manager":"codezero-agent","operation":"Apply","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:paused":{}}}},
             {"manager":"kubectl","operation":"Update","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:replicas":{}}}}]
            """);
        var inventory = Inventory.New();
        return (desired, live, inventory.With([new(desired.Ref, "u1", new Fingerprint(inventory.Key).Of(desired.Json), ManagedFields.DigestOf(live, AppNames.FieldManager).ToString())]));
    }
}
