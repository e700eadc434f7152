using CodeZero.AppManifest;
using CodeZero.ClusterAgent.Apps;
using CodeZero.ClusterAgent.Kubernetes;
using static CodeZero.ClusterAgent.Tests.Rendering;

namespace CodeZero.ClusterAgent.Tests;

public class AppEngineTests
{
    [Fact]
    public void A_port_becomes_a_cluster_service_called_as_the_app_and_a_probed_deployment()
    {
        var result = Render(Context("""{"image":"adminer","ports":8080}"""));

        Assert.Equal(["Deployment", "NetworkPolicy", "Service"], result.Objects.Select(item => item.Kind.Kind).Order(StringComparer.Ordinal));
        var service = result.The("Service");
        Assert.Equal("web", service.Name);
        Assert.Equal("ClusterIP", service.Spec.Text("type"));
        Assert.Equal("""[{"port":8080,"targetPort":8080,"protocol":"TCP"}]""", service.Spec.At("ports")!.ToJsonString());
        Assert.Equal("""{"app":"web","system.codezero.io/id":"demo-web"}""", service.Spec.At("selector")!.ToJsonString());
        Assert.Equal("adminer", result.Container().Text("image"));
        Assert.Equal("Always", result.Container().Text("imagePullPolicy"));
        Assert.Equal(30, result.Container().Number("startupProbe", "failureThreshold"));
        Assert.Null(result.Container()["envFrom"]);
    }

    [Fact]
    public void Written_scalars_reach_the_environment_as_they_were_written()
    {
        var result = Render(Context("""{"image":"x","configs":{"PUID":1000,"AUTO":true,"LAB":"yes","VERSION":"1.10"}}"""));

        Assert.Equal("""{"AUTO":"true","LAB":"yes","PUID":"1000","VERSION":"1.10"}""", result.The("ConfigMap").Json["data"]!.ToJsonString());
    }

    [Theory]
    [InlineData("""{"image":"openproject/community","tag":11}""", "openproject/community:11", "IfNotPresent")]
    [InlineData("""{"image":"reg:5000/x","tag":"2"}""", "reg:5000/x:2", "IfNotPresent")]
    [InlineData("""{"image":"x:latest"}""", "x:latest", "Always")]
    [InlineData("""{"image":"x:1","imagePullPolicy":"Never"}""", "x:1", "Never")]
    public void A_registrys_port_is_no_tag_and_only_moving_tags_are_always_pulled(string provisioner, string image, string policy)
    {
        var container = Render(Context(provisioner)).Container();

        Assert.Equal((image, policy), (container.Text("image"), container.Text("imagePullPolicy")));
    }

    [Fact]
    public void A_volume_is_a_claim_of_the_app_that_nobody_collects_and_its_pod_is_recreated()
    {
        var result = Render(Context("""{"image":"x","volumes":[{"name":"Data","size":"1Gi","mountPath":"/d","subPath":"sp"}]}"""));

        var claim = result.The("PersistentVolumeClaim");
        Assert.Equal("web-data", claim.Name);
        Assert.Null(claim.Metadata["ownerReferences"]);
        Assert.Equal("1Gi", claim.Spec.Text("resources", "requests", "storage"));
        Assert.Equal("Recreate", result.The("Deployment").Spec.Text("strategy", "type"));
        Assert.Equal("""[{"name":"data","mountPath":"/d","subPath":"sp"}]""", result.Container()["volumeMounts"]!.ToJsonString());
        Assert.Equal("web", result.The("Deployment").Json.Objects("metadata", "ownerReferences").Single().Text("name"));
    }

    [Fact]
    public void A_claim_grows_and_never_shrinks()
    {
        var context = Context("""{"image":"x","volumes":[{"name":"a","size":"1Gi","mountPath":"/a"},{"name":"b","size":"3Gi","mountPath":"/b"}]}""");
        Assert.True(Quantity.TryParse("2Gi", out var two));

        var result = Render(context with { ExistingClaims = new Dictionary<string, Quantity> { ["web-a"] = two, ["web-b"] = two } });

        Assert.Equal(["web-a 2Gi", "web-b 3Gi"],
            result.Objects.Where(item => item.Kind == ResourceKind.PersistentVolumeClaim).Select(item => $"{item.Name} {item.Spec.Text("resources", "requests", "storage")}"));
    }

    [Fact]
    public void Generated_values_are_made_once_and_kept_from_then_on()
    {
        var context = Context("""{"image":"x","secrets":{"KEY":{"generate":{"length":32}}},"configs":{"ID":{"generate":{"length":16}}}}""");
        var first = Render(context);
        var secrets = first.The("Secret").DecodeData();
        var configs = first.The("ConfigMap").Json.TextMap("data");
        Assert.Equal((32, 16), (secrets["KEY"].Length, configs["ID"].Length));

        var again = Render(context with { ExistingSecrets = secrets, ExistingConfigs = configs });

        Assert.Equal(first.Objects.Select(item => item.Json.ToJsonString()), again.Objects.Select(item => item.Json.ToJsonString()));
    }

    [Fact]
    public void A_changed_secret_rolls_the_pods_and_its_hash_does_not_tell_it()
    {
        var context = Context("""{"image":"x","secrets":{"KEY":"a"}}""");
        var other = Context("""{"image":"x","secrets":{"KEY":"b"}}""");
        static string? Hash(Provisioners.RenderResult result) =>
            result.The("Deployment").Spec.Text("template", "metadata", "annotations", "system.codezero.io/config-hash");

        Assert.NotEqual(Hash(Render(context)), Hash(Render(other)));
        Assert.NotEqual(Hash(Render(context)), Hash(Render(context with { Fingerprint = new(Fingerprint.NewKey()) })));
    }

    [Fact]
    public void Answers_go_before_literals_and_passwords_into_the_secret()
    {
        var context = Context("""
            {"image":"x","configs":{"MODE":"slow"},"flow":[{"prompts":[
              {"type":"input","name":"MODE","message":"m"},
              {"type":"password","name":"PASSWORD","message":"p"},
              {"type":"input","name":"OPTIONAL","message":"o"}]}]}
            """);

        var result = Render(context with { Answers = new Dictionary<string, string> { ["MODE"] = "fast", ["PASSWORD"] = "hidden" } });

        Assert.Equal("""{"MODE":"fast"}""", result.The("ConfigMap").Json["data"]!.ToJsonString());
        Assert.Equal("hidden", Assert.Single(result.The("Secret").DecodeData()).Value);
    }

    [Fact]
    public void A_required_answer_that_is_missing_is_named_and_nothing_is_rendered()
    {
        var result = Render(Context("""{"image":"x","flow":{"prompts":{"type":"password","name":"PASSWORD","message":"p","c6o":{"required":true}}}}"""));

        Assert.Empty(result.Objects);
        Assert.Equal("answers.required", Assert.Single(result.Errors).Code);
        Assert.Contains("PASSWORD", result.Errors[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_public_address_is_put_in_wherever_it_stands()
    {
        var result = Render(Context(
            """{"image":"x","ports":80,"configs":{"A":"$PUBLIC_URL/x?h=$PUBLIC_FQDN","B":"$$PUBLIC_URL"}}""", """[{"type":"http","targetService":"web"}]"""));

        Assert.Equal("https://web--demo.codezero.localhost/x?h=web--demo.codezero.localhost", result.The("ConfigMap").Json.Text("data", "A"));
        Assert.Equal("$PUBLIC_URL", result.The("ConfigMap").Json.Text("data", "B"));
    }

    [Fact]
    public void Http_routes_share_one_ingress_where_there_is_no_gateway()
    {
        var result = Render(Context(
            """{"image":"x","ports":[{"name":"http","port":80},{"name":"api","port":81}]}""",
            """[{"type":"http","targetService":"other"},{"type":"http","targetService":"web","targetPort":81,"http":{"prefix":"/api"}},{"type":"http","targetService":"web","disabled":true}]"""));

        var rule = result.The("Ingress").Spec.Objects("rules").Single();
        Assert.Equal("web--demo.codezero.localhost", rule.Text("host"));
        Assert.Equal(["/ web:80", "/api web:81"], rule.Objects("http", "paths").Select(path =>
            $"{path.Text("path")} {path.Text("backend", "service", "name")}:{path.Number("backend", "service", "port", "number")}"));
        Assert.Equal("http", result.The("Service").Spec.Objects("ports").First().Text("appProtocol"));
    }

    [Fact]
    public void A_gateway_that_is_served_and_named_gets_an_HTTPRoute_with_rewrites()
    {
        var context = Context("""{"image":"x","ports":80}""", """[{"type":"http","targetService":"web","http":{"prefix":"/a","rewrite":"/"}}]""");

        Assert.Equal("route.rewrite", Assert.Single(Render(context).Errors).Code);
        var route = Render(context with { ServesHttpRoutes = true, Settings = new() { Gateway = ("edge", "main") } }).The("HTTPRoute");

        Assert.Equal("edge/main", $"{route.Spec.Objects("parentRefs").Single().Text("namespace")}/{route.Spec.Objects("parentRefs").Single().Text("name")}");
        Assert.Equal("/", route.Spec.Objects("rules").Single().Objects("filters").Single().Text("urlRewrite", "path", "replacePrefixMatch"));
    }

    [Fact]
    public void A_route_for_signed_in_people_is_not_opened_to_everybody()
    {
        var result = Render(Context("""{"image":"x","ports":80}""", """[{"type":"http","targetService":"web","http":{"private":true}}]"""));

        Assert.DoesNotContain(result.Objects, item => item.Kind == ResourceKind.Ingress);
        Assert.Equal("route.private", Assert.Single(result.Notes).Code);
    }

    [Fact]
    public void A_tcp_route_is_opened_only_where_the_settings_say_so()
    {
        var context = Context("""{"image":"x","ports":3306}""", """[{"type":"tcp","targetService":"web","tcp":{"name":"db","port":13306}}]""");
        Assert.Equal("route.tcp", Assert.Single(Render(context).Notes).Code);

        var open = Render(context with { Settings = new() { TcpRoutes = TcpRoutes.LoadBalancer } });

        var service = Assert.Single(open.Objects, item => item.Name == "web-db");
        Assert.Equal("LoadBalancer", service.Spec.Text("type"));
        Assert.Equal((13306, 3306), (service.Spec.Objects("ports").Single().Number("port"), service.Spec.Objects("ports").Single().Number("targetPort")));
        Assert.Empty(open.Notes);
    }

    [Fact]
    public void Only_apps_of_the_namespace_and_the_gateway_may_connect()
    {
        var context = Context("""{"image":"x","ports":80}""", """[{"type":"http","targetService":"web"}]""");

        var rules = Render(context with { Settings = new() { IngressNamespace = "edge" } }).The("NetworkPolicy").Spec.Objects("ingress").ToList();

        Assert.Equal("codezero", rules[0].Objects("from").Single().Text("podSelector", "matchLabels", AppNames.ManagedByLabel));
        Assert.Equal("edge", rules[1].Objects("from").Single().Text("namespaceSelector", "matchLabels", "kubernetes.io/metadata.name"));
        Assert.Empty(Render(Context("""{"image":"x"}""")).The("NetworkPolicy").Spec.Objects("ingress"));
    }

    [Fact]
    public void The_manifests_probes_and_users_are_merged_over_safe_defaults()
    {
        var result = Render(Context("""
            {"image":"x","ports":[{"name":"http","port":80,"containerPort":8080}],"securityContext":{"runAsUser":4001},
             "probes":{"startupProbe":{"httpGet":{"path":"/up","port":"http"},"failureThreshold":60,"periodSeconds":20,"initialDelaySeconds":5}}}
            """));

        Assert.Equal("/up", result.Container().Text("startupProbe", "httpGet", "path"));
        Assert.Null(result.Container()["readinessProbe"]);
        Assert.Equal(TimeSpan.FromSeconds(1205), result.StartupBudget);
        Assert.Equal(1805, result.The("Deployment").Spec.Number("progressDeadlineSeconds"));
        var pod = result.The("Deployment").Spec.At("template", "spec");
        Assert.Equal("""{"fsGroup":1000,"fsGroupChangePolicy":"OnRootMismatch","seccompProfile":{"type":"RuntimeDefault"},"runAsUser":4001}""", pod.At("securityContext")!.ToJsonString());
        Assert.False(pod.Flag("automountServiceAccountToken"));
        Assert.False(pod.Flag("enableServiceLinks"));
        Assert.Equal(8080, result.The("Service").Spec.Objects("ports").Single().Number("targetPort"));
    }

    [Theory]
    [InlineData("demo", "9lives", "app.name")]
    [InlineData("demo", "a.b", "app.name")]
    [InlineData("demo", "a--b", "app.name")]
    [InlineData("a-namespace-of-thirty-two-letters", "an-app-with-a-name-of-thirty-one", "app.name")]
    public void A_name_that_cannot_be_the_objects_name_is_refused(string ns, string name, string code)
    {
        var context = Context("""{"image":"x","ports":80}""", $$"""[{"type":"http","targetService":"web"}]""", new(ns, name));

        Assert.Contains(Render(context).Errors, error => error.Code == code);
    }

    [Fact]
    public void References_override_the_apps_own_values_by_coming_last()
    {
        var result = Render(Context("""{"image":"x","configs":{"A":1},"secrets":{"B":"2"},"secretRefs":["db"],"configMapRefs":["site"]}"""));

        Assert.Equal(["web-config", "web-secret", "db", "site"],
            result.Container().Objects("envFrom").Select(source => source.Text("configMapRef", "name") ?? source.Text("secretRef", "name")));
    }

    [Fact]
    public void Two_service_ports_may_lead_to_one_container_port()
    {
        var result = Render(Context("""{"image":"x","ports":[{"name":"a","port":80,"containerPort":8080},{"name":"b","port":81,"containerPort":8080}]}"""));

        Assert.Single(result.Container().Objects("ports"));
        Assert.Equal(2, result.The("Service").Spec.Objects("ports").Count());
    }

    [Theory]
    [InlineData("""{"package":"@provisioner/kafka","projects":1}""", "provisioner.unsupported", "@provisioner/kafka")]
    [InlineData("""{"package":"@provisioner/appengine","image":"x","services":[{"mysqld":{"secretKeyRef":"s"}}]}""", "provisioner.services", "mysqld")]
    [InlineData("""{"package":"@provisioner/appengine"}""", "spec.invalid", "image")]
    public void What_this_agent_cannot_install_is_said_by_name(string provisioner, string code, string mentions)
    {
        var app = new AppResource(Object($$$"""{"apiVersion":"system.codezero.io/v1","kind":"App","metadata":{"name":"web","namespace":"demo"},"spec":{"provisioner":{{{provisioner}}}}}"""));

        var (_, found, problems, _) = Provisioners.ProvisionerCatalog.Resolve(app);

        Assert.Null(found);
        Assert.Equal(code, problems[0].Code);
        Assert.Contains(mentions, problems[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_app_that_nothing_installs_has_no_objects()
    {
        var app = new AppResource(Object("""{"apiVersion":"system.codezero.io/v1","kind":"App","metadata":{"name":"web","namespace":"demo"},"spec":{"provisioner":"ignore"}}"""));

        var (spec, provisioner, problems, _) = Provisioners.ProvisionerCatalog.Resolve(app);

        Assert.Empty(problems);
        Assert.Empty(provisioner!.Render(Context("""{"image":"x"}""") with { Spec = spec! }).Objects);
    }
}
