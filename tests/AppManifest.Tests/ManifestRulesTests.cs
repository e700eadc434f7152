namespace CodeZero.AppManifest.Tests;

/// <summary>Every rule of the format that can fail, each with the code and the path it fails with.</summary>
public class ManifestRulesTests
{
    public static TheoryData<string, string, string> RootRules => new()
    {
        { "id: other", "manifest.conflict", "id" },
        { "keywords: [" + string.Join(", ", Enumerable.Range(0, 51)) + "]", "manifest.too_many", "keywords" },
        { "keywords: [" + new string('k', 61) + "]", "manifest.value", "keywords[0]" },
        { "summary: " + new string('s', 1_001), "manifest.value", "summary" },
        { "description: " + new string('s', 20_001), "manifest.value", "description" },
        { "category: cooking", "manifest.value", "category" },
        { "repo: javascript:alert(1)", "manifest.value", "repo" },
        { "repo: not a url", "manifest.value", "repo" },
        { "provisioner: {repo: ftp://example.com/x}", "manifest.value", "provisioner.repo" },
        { "provisioner: {image: x}", "manifest.unknown_key", "provisioner.image" },
        { "icon: ../icon.svg", "manifest.artwork", "icon" },
        { "icon: /etc/passwd", "manifest.artwork", "icon" },
        { "icon: 'data:image/png;base64,AAAA'", "manifest.artwork", "icon" },
        { "icon: 'data:image/png,AAAA'", "manifest.artwork", "icon" },
        { "screenshots: [" + string.Join(", ", Enumerable.Range(0, 11).Select(i => $"https://example.com/{i}.png")) + "]", "manifest.too_many", "screenshots" },
        { "video: {type: vimeo, id: abcdefgh}", "manifest.value", "video.type" },
        { "video: {type: youtube, id: '<script>'}", "manifest.value", "video.id" },
        { "description: ./missing.md", "manifest.missing_file", "description" },
        { "summary: [a]", "manifest.type", "summary" },
        { "price: 5", "manifest.pricing", "price" },
        { "tiers: [a]", "manifest.pricing", "tiers" },
        { "shortDescription: x", "manifest.unknown_key", "shortDescription" },
        { "assets: {a: b}", "manifest.unknown_key", "assets" },
    };

    [Theory]
    [MemberData(nameof(RootRules))]
    public void Root(string lines, string code, string path) => Fails(Manifests.Root(lines), code, path);

    [Theory]
    [InlineData("sampl", true)]
    [InlineData("samp", false)]
    [InlineData("Sample", false)]
    [InlineData("sam ple", false)]
    [InlineData("sam--ple", false)]
    [InlineData("-sample", false)]
    [InlineData("sample-", false)]
    [InlineData("sample.io", false)]
    [InlineData("a123456789b123456789c123456789d123456789", true)]
    [InlineData("a123456789b123456789c123456789d123456789e", false)]
    public void An_appId_is_a_short_label(string appId, bool allowed)
    {
        var result = Manifests.Parse(Manifests.Root("").Replace("appId: sample", "appId: " + appId, StringComparison.Ordinal));
        Assert.Equal(allowed, !result.HasErrors);
        if (!allowed)
            Assert.Equal("manifest.value", result.Diagnostics.First(d => d.Path == "appId").Code);
    }

    public static TheoryData<string, string, string> EditionRules => new()
    {
        { "status: secret", "manifest.value", "editions[0].status" },
        { "status: public\nscope: private", "manifest.conflict", "editions[0].scope" },
        { "interfaces: [Npm Registry]", "manifest.value", "editions[0].interfaces" },
        { "default: true", "manifest.unknown_key", "editions[0].default" },
        { "pricing: {}", "manifest.pricing", "editions[0].pricing" },
    };

    [Theory]
    [MemberData(nameof(EditionRules))]
    public void Edition(string lines, string code, string path) => Fails(Manifests.Edition(lines), code, path);

    [Theory]
    [InlineData("Stable")]
    [InlineData("-stable")]
    [InlineData("sta ble")]
    [InlineData("''")]
    [InlineData("s123456789s123456789s123456789s123456789s123456789s1234567890123")]
    public void An_edition_name_is_a_label_value(string name) =>
        Assert.True(Manifests.Parse(Manifests.Root("").Replace("name: stable", "name: " + name, StringComparison.Ordinal)).HasErrors);

    [Theory]
    [InlineData("editions: []", "manifest.required", "editions")]
    [InlineData("editions: [1.5]", "manifest.missing_file", "editions[0]")]
    [InlineData("editions: [[a]]", "manifest.type", "editions[0]")]
    [InlineData("editions: [{name: a}]", "manifest.required", "editions[0].spec")]
    [InlineData("editions: [{spec: {provisioner: ignore}}]", "manifest.required", "editions[0].name")]
    [InlineData("editions: [{name: a, spec: {provisioner: ignore}}, {name: a, spec: {provisioner: ignore}}]", "manifest.duplicate", "editions[1].name")]
    [InlineData("editions: [{name: a, spec: {}}]", "manifest.required", "editions[0].spec.provisioner")]
    [InlineData("editions: [{name: a, spec: {provisioner: run}}]", "manifest.type", "editions[0].spec.provisioner")]
    [InlineData("editions: [{name: a, spec: {provisioner: ignore, route: []}}]", "manifest.unknown_key", "editions[0].spec.route")]
    [InlineData("editions: [../other.yaml]", "manifest.missing_file", "editions[0]")]
    public void Editions(string editions, string code, string path) => Fails("appId: sample\nname: Sample\n" + editions, code, path);

    public static TheoryData<string, string, string> SpecRules => new()
    {
        { "routes: [{type: udp, targetService: sample}]", "manifest.value", "routes[0].type" },
        { "routes: [{targetService: sample}]", "manifest.required", "routes[0].type" },
        { "routes: [{type: http}]", "manifest.required", "routes[0].targetService" },
        { "routes: [{type: http, targetService: Sample}]", "manifest.value", "routes[0].targetService" },
        { "routes: [{type: http, targetService: sample, targetPort: 0}]", "manifest.value", "routes[0].targetPort" },
        { "routes: [{type: http, targetService: sample, targetPort: 65536}]", "manifest.value", "routes[0].targetPort" },
        { "routes: [{type: http, targetService: sample, tcp: {name: a}}]", "manifest.value", "routes[0].tcp" },
        { "routes: [{type: tcp, targetService: sample, http: {}, tcp: {name: a}}]", "manifest.value", "routes[0].http" },
        { "routes: [{type: tcp, targetService: sample}]", "manifest.required", "routes[0].tcp" },
        { "routes: [{type: tcp, targetService: sample, tcp: {port: 1}}]", "manifest.required", "routes[0].tcp.name" },
        { "routes: [{type: tcp, targetService: sample, tcp: {name: A_b}}]", "manifest.value", "routes[0].tcp.name" },
        { "routes: [{type: tcp, targetService: sample, tcp: {name: a, port: -1}}]", "manifest.value", "routes[0].tcp.port" },
        { "routes: [{type: tcp, targetService: sample, tcp: {name: a, port: 1, strictPort: 2}}]", "manifest.conflict", "routes[0].tcp.strictPort" },
        { "routes: [{type: tcp, targetService: sample, tcp: {name: a}}, {type: tcp, targetService: sample, tcp: {name: a}}]", "manifest.duplicate", "routes[1].tcp" },
        { "routes: [{type: tcp, targetService: sample, tcp: {name: a, port: 5}}, {type: tcp, targetService: sample, tcp: {name: b, port: 5}}]", "manifest.duplicate", "routes[1].tcp" },
        { "routes: [{type: http, targetService: sample}, {type: http, targetService: sample}]", "manifest.duplicate", "routes[1].http" },
        { "routes: [{type: http, targetService: sample, http: {prefix: x}}]", "manifest.value", "routes[0].http.prefix" },
        { "routes: [{type: http, targetService: sample, prefix: /}]", "manifest.unknown_key", "routes[0].prefix" },
        { "marina: {launch: {type: window}}", "manifest.value", "marina.launch.type" },
        { "marina: {launch: {popUp: true}}", "manifest.required", "marina.launch.type" },
        { "marina: {launch: {type: inline, path: admin}}", "manifest.value", "marina.launch.path" },
        { "marina: {launch: {type: inline, port: 0}}", "manifest.value", "marina.launch.port" },
        { "marina: {launch: {type: inline, tag: c6o-x}}", "manifest.platform_only", "marina.launch.tag" },
        { "marina: {launch: {type: inline, popOp: true}}", "manifest.unknown_key", "marina.launch.popOp" },
        { "marina: {menus: [{type: apps, display: x, action: format}]}", "manifest.value", "marina.menus[0].action" },
        { "services: [npm-registry]", "manifest.type", "services" },
        { "services: {'Npm Registry': {}}", "manifest.value", "services.Npm Registry" },
        { "navstation: maybe", "manifest.type", "navstation" },
        { "plan: gold", "manifest.pricing", "plan" },
    };

    [Theory]
    [MemberData(nameof(SpecRules))]
    public void Spec(string lines, string code, string path) => Fails(Manifests.Spec(lines), code, "editions[0].spec." + path);

    public static TheoryData<string, string, string> EngineRules => new()
    {
        { "namespace: kube-system", "manifest.platform_only", "namespace" },
        { "tag: 'a b'", "manifest.value", "tag" },
        { "tag-prefix: A B", "manifest.value", "tag-prefix" },
        { "ui: skip", "manifest.value", "ui" },
        { "imagePullPolicy: Sometimes", "manifest.value", "imagePullPolicy" },
        { "command: {a: b}", "manifest.type", "command" },
        { "execs: [[ls]]", "manifest.value", "execs" },
        { "services: [mysqld]", "manifest.type", "services[0]" },
        { "services: [{mysqld: {secretKeyRef: A B}}]", "manifest.value", "services[0].mysqld.secretKeyRef" },
        { "services: [{mysqld: {package: A B}}]", "manifest.value", "services[0].mysqld.package" },
        { "ports: 0", "manifest.value", "ports" },
        { "ports: 65536", "manifest.value", "ports" },
        { "ports: http", "manifest.value", "ports" },
        { "ports: [{name: a}]", "manifest.required", "ports[0].port" },
        { "ports: [{port: 1, protocol: HTTP}]", "manifest.value", "ports[0].protocol" },
        { "ports: [{port: 1, name: sixteen-letters-}]", "manifest.value", "ports[0].name" },
        { "ports: [{port: 1, name: '123'}]", "manifest.value", "ports[0].name" },
        { "ports: [{port: 1, name: a}, {port: 1, name: b}]", "manifest.duplicate", "ports[1]" },
        { "ports: [{port: 1, name: a}, {port: 2, name: a}]", "manifest.duplicate", "ports[1]" },
        { "ports: [{port: 1, containerPort: 2, targetPort: 3}]", "manifest.conflict", "ports[0].targetPort" },
        { "port: 1\nports: 2", "manifest.conflict", "port" },
        { "volumes: [{name: a, mountPath: /a}]", "manifest.required", "volumes[0].size" },
        { "volumes: [{name: a, size: 1Gi}]", "manifest.required", "volumes[0].mountPath" },
        { "volumes: [{name: a, size: 0, mountPath: /a}]", "manifest.value", "volumes[0].size" },
        { "volumes: [{name: a, size: 1 GB, mountPath: /a}]", "manifest.value", "volumes[0].size" },
        { "volumes: [{name: a, size: -1Gi, mountPath: /a}]", "manifest.value", "volumes[0].size" },
        { "volumes: [{name: a, size: 1Gi, mountPath: a}]", "manifest.value", "volumes[0].mountPath" },
        { "volumes: [{name: a, size: 1Gi, mountPath: /a/../b}]", "manifest.value", "volumes[0].mountPath" },
        { "volumes: [{name: a, size: 1Gi, mountPath: /a, subPath: ../b}]", "manifest.value", "volumes[0].subPath" },
        { "volumes: [{name: a, size: 1Gi, mountPath: /a, subPath: /b}]", "manifest.value", "volumes[0].subPath" },
        { "volumes: [{name: a_b, size: 1Gi, mountPath: /a}]", "manifest.value", "volumes[0].name" },
        { "volumes: [{name: a, size: 1Gi, mountPath: /a}, {name: A, size: 1Gi, mountPath: /b}]", "manifest.duplicate", "volumes[1].name" },
        { "volumes: [{name: a, size: 1Gi, mountPath: /a}, {name: b, size: 1Gi, mountPath: /a}]", "manifest.duplicate", "volumes[1].mountPath" },
        { "volumes: [" + string.Join(", ", Enumerable.Range(0, 21).Select(i => $"{{size: 1Gi, mountPath: /v{i}}}")) + "]", "manifest.too_many", "volumes" },
        { "configs: [a, b]", "manifest.type", "configs" },
        { "configs: {A: null}", "manifest.type", "configs.A" },
        { "configs: {A: [1]}", "manifest.type", "configs.A" },
        { "configs: {A: {b: c}}", "manifest.type", "configs.A" },
        { "configs: {A-B: c}", "manifest.value", "configs.A-B" },
        { "configs: [{A: 1}, {A: 2}]", "manifest.duplicate", "configs.A" },
        { "configs: {A: 1}\nsecrets: {A: {generate: {length: 20}}}", "manifest.conflict", "secrets" },
        { "secrets: {A: {generate: {length: 0}}}", "manifest.value", "secrets.A.generate.length" },
        { "secrets: {A: {generate: {length: 1025}}}", "manifest.value", "secrets.A.generate.length" },
        { "secrets: {A: {generate: {lenght: 20}}}", "manifest.unknown_key", "secrets.A.generate.lenght" },
        { "secrets: {A: {generate: {lowercase: false, uppercase: false}}}", "manifest.generate", "secrets.A.generate" },
        { "secrets: {A: {generate: {length: 2, numbers: true, strict: true}}}", "manifest.generate", "secrets.A.generate" },
        { "secrets: {A: {generate: {symbols: é}}}", "manifest.generate", "secrets.A.generate.symbols" },
        { "secretRefs: [A B]", "manifest.value", "secretRefs" },
        { "configMapRefs: A_B", "manifest.value", "configMapRefs" },
        { "probes: {startupProbe: {periodSeconds: 5}}", "manifest.probe", "probes.startupProbe" },
        { "probes: {startupProbe: {httpGet: {port: 1}, tcpSocket: {port: 1}}}", "manifest.probe", "probes.startupProbe" },
        { "probes: {startupProbe: {httpGet: {path: /}}}", "manifest.required", "probes.startupProbe.httpGet.port" },
        { "probes: {startupProbe: {httpGet: {port: 1, host: 10.0.0.1}}}", "manifest.unknown_key", "probes.startupProbe.httpGet.host" },
        { "probes: {livenessProbe: {tcpSocket: {port: 0}}}", "manifest.value", "probes.livenessProbe.tcpSocket.port" },
        { "probes: {livenessProbe: {exec: {command: [ls]}}}", "manifest.platform_only", "probes.livenessProbe.exec" },
        { "securityContext: {privileged: true}", "manifest.unknown_key", "securityContext.privileged" },
        { "securityContext: {runAsUser: root}", "manifest.value", "securityContext.runAsUser" },
        { "securityContext: {runAsUser: 0, runAsNonRoot: true}", "manifest.conflict", "securityContext.runAsUser" },
        { "resources: {requests: {cpu: lots}}", "manifest.value", "resources.requests.cpu" },
        { "resources: {requests: {disk: 1}}", "manifest.value", "resources.requests.disk" },
        { "resources: {requests: {cpu: 2}, limits: {cpu: 500m}}", "manifest.conflict", "resources.requests" },
    };

    [Theory]
    [MemberData(nameof(EngineRules))]
    public void AppEngine(string lines, string code, string path) => Fails(Manifests.Engine(lines), code, "editions[0].spec.provisioner." + path);

    public static TheoryData<string, string, string> FlowRules => new()
    {
        { "{}", "manifest.flow", "" },
        { "{prompts: [], sections: []}", "manifest.flow", "" },
        { "[{prompts: {name: A}}, {prompts: {name: B}}]", "manifest.duplicate", "[1].name" },
        { "{prompts: [{name: A}, {name: A}]}", "manifest.duplicate", ".prompts[1].name" },
        { "{prompts: {name: A}, titel: x}", "manifest.unknown_key", ".titel" },
        { "{sections: {title: x}}", "manifest.required", ".sections.prompts" },
        { "{prompts: {type: input}}", "manifest.required", ".prompts.name" },
        { "{prompts: {name: A B}}", "manifest.value", ".prompts.name" },
        { "{prompts: {name: A, type: radio}}", "manifest.value", ".prompts.type" },
        { "{prompts: {name: A, type: list}}", "manifest.flow", ".prompts.choices" },
        { "{prompts: {name: A, type: list, choices: ['<<separator>>']}}", "manifest.flow", ".prompts.choices" },
        { "{prompts: {name: A, type: list, choices: [a, b], default: 2}}", "manifest.value", ".prompts.default" },
        { "{prompts: {name: A, type: list, choices: [a, b], default: a}}", "manifest.value", ".prompts.default" },
        { "{prompts: {name: A, type: list, choices: [a, '<<separator>>'], default: 1}}", "manifest.flow", ".prompts.default" },
        { "{prompts: {name: A, type: checkbox, choices: ['a,b']}}", "manifest.flow", ".prompts.choices" },
        { "{prompts: {name: A, type: list, choices: [{value: x}]}}", "manifest.required", ".prompts.choices[0].name" },
        { "{prompts: {name: A, type: confirm, default: maybe}}", "manifest.type", ".prompts.default" },
        { "{prompts: {name: A, type: number, default: many}}", "manifest.type", ".prompts.default" },
        { "{prompts: {name: A, type: number, default: 5, c6o: {max: 4}}}", "manifest.flow", ".prompts.default" },
        { "{prompts: {name: A, type: number, c6o: {min: 5, max: 4}}}", "manifest.flow", ".prompts.c6o" },
        { "{prompts: {name: A, type: number, c6o: {step: 0}}}", "manifest.flow", ".prompts.c6o" },
        { "{prompts: {name: A, c6o: {target: nowhere}}}", "manifest.value", ".prompts.c6o.target" },
        { "{prompts: {name: A, c6o: {dataSource: countries}}}", "manifest.value", ".prompts.c6o.dataSource" },
        { "{prompts: {name: A, c6o: {target: transient, generate: {length: 20}}}}", "manifest.flow", ".prompts.c6o" },
        { "{prompts: {name: A, c6o: {lable: x}}}", "manifest.unknown_key", ".prompts.c6o.lable" },
        { "{prompts: {name: A, validate: 'return fetch(value)'}}", "manifest.expression", ".prompts.validate" },
        { "{prompts: {name: A, when: 'return this.spec'}}", "manifest.expression", ".prompts.when" },
        { "{skip: 'return (', prompts: {name: A}}", "manifest.expression", ".skip" },
    };

    [Theory]
    [MemberData(nameof(FlowRules))]
    public void Flow(string flow, string code, string path) => Fails(Manifests.Engine("flow: " + flow), code, "editions[0].spec.provisioner.flow" + path);

    [Fact]
    public void Public_tokens_need_a_route_that_gives_an_address()
    {
        const string value = "configs: {A: '$PUBLIC_URL'}";
        Assert.False(Manifests.Parse(Manifests.Engine(value)).HasErrors);
        Fails(Manifests.Engine(value).Replace("type: http\n", "type: http\n          disabled: true\n", StringComparison.Ordinal), "manifest.public_address", "editions[0].spec.provisioner.configs.A");
        Assert.False(Manifests.Parse(Manifests.Engine("configs: {A: '$$PUBLIC_URL'}").Replace("type: http\n", "type: http\n          private: true\n", StringComparison.Ordinal)).HasErrors);
    }

    [Fact]
    public void A_route_leads_to_one_of_the_ports() =>
        Fails(Manifests.Engine("ports: 8080").Replace("targetService: sample", "targetService: sample\n          targetPort: 80", StringComparison.Ordinal), "manifest.route_port", "editions[0].spec.routes[0].targetPort");

    [Theory]
    [InlineData("Sample")]
    [InlineData("a:b:c")]
    [InlineData("a@sha256:12")]
    [InlineData("' '")]
    public void Images_have_a_grammar(string image) =>
        Fails(Manifests.Engine("").Replace("image: sample", "image: " + image, StringComparison.Ordinal), "manifest.image", "editions[0].spec.provisioner.image");

    [Fact]
    public void AppEngine_needs_an_image() =>
        Fails(Manifests.Engine("").Replace("image: sample", "ports: 80", StringComparison.Ordinal), "manifest.image_missing", "editions[0].spec.provisioner.image");

    [Fact]
    public void An_unknown_key_of_AppEngine_is_a_warning_and_in_strict_mode_an_error()
    {
        var yaml = Manifests.Engine("volumess: []");
        var warning = Assert.Single(Manifests.Parse(yaml).Diagnostics, d => d.Code == "manifest.unknown_key");
        Assert.Equal((Severity.Warning, "volumes"), (warning.Severity, warning.Suggestion));
        Assert.True(Manifests.Parse(yaml, new() { Strict = true }).HasErrors);
    }

    [Fact]
    public void Keys_of_a_provisioner_nobody_here_knows_are_its_own_even_in_strict_mode()
    {
        var application = Manifests.Valid(
            "appId: sample\nname: Sample\neditions: [{name: a, spec: {provisioner: {package: '@acme/kafka', projects: [{name: x, size: 1.10, big: 12345678901234567890}]}}}]", new() { Strict = true });
        Assert.Contains("""{"package":"@acme/kafka","projects":[{"big":"12345678901234567890","name":"x","size":"1.10"}]}""", application.Editions[0].Spec.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public void All_errors_are_told_at_once_from_top_to_bottom()
    {
        var result = Manifests.Parse("""
            appId: sample
            name: ''
            sumary: x
            editions:
              - name: stable
                spec:
                  provisioner:
                    package: '@provisioner/appengine'
                    image: Sample
                    ports: 0
            """);
        Assert.Equal(
            [("name", 2), ("sumary", 3), ("editions[0].spec.provisioner.image", 9), ("editions[0].spec.provisioner.ports", 10)],
            result.Diagnostics.Where(d => d.Severity == Severity.Error).Select(d => (d.Path, d.Line)));
        Assert.Equal("summary", result.Diagnostics.First(d => d.Path == "sumary").Suggestion);
        Assert.Empty(result.Applications);
    }

    [Fact]
    public void A_thousand_unknown_keys_are_counted_not_listed()
    {
        var result = Manifests.Parse(Manifests.Root(string.Join('\n', Enumerable.Range(0, 5_000).Select(i => $"unknown{i}: x"))));
        Assert.Equal(ManifestParser.MostDiagnostics + 1, result.Diagnostics.Count);
        Assert.Equal("manifest.too_many_findings", result.Diagnostics[^1].Code);
        Assert.True(result.HasErrors);
    }

    [Fact]
    public void Messages_cannot_carry_control_characters_or_walls_of_text()
    {
        var result = Manifests.Parse(Manifests.Root("\"k\\e[31m" + new string('x', 900) + "\": 1"));
        var message = Assert.Single(result.Diagnostics, d => d.Code == "manifest.unknown_key").ToString();
        Assert.DoesNotContain(message, char.IsControl);
        Assert.True(message.Length < 400);
    }

    private static void Fails(string yaml, string code, string path)
    {
        var result = Manifests.Parse(yaml);
        Assert.Empty(result.Applications);
        var errors = result.Diagnostics.Where(d => d.Severity == Severity.Error).ToList();
        Assert.True(errors.Any(d => d.Code == code && d.Path == path), $"expected {code} at {path}, got:\n{string.Join('\n', result.Diagnostics)}");
        Assert.All(errors, d => Assert.True(d is { Line: > 0, Column: > 0 }, d.ToString()));
    }
}
