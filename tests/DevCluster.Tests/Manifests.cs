namespace CodeZero.DevCluster.Tests;

/// <summary>Manifests that several tests use.</summary>
internal static class Manifests
{
    public static string Deployment(string name, string image = "nginx:1", int replicas = 1, string extra = "") => $$$"""
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: {{{name}}}, labels: {app: {{{name}}}}}
        spec:
          replicas: {{{replicas}}}
          selector: {matchLabels: {app: {{{name}}}}}
          template:
            metadata: {labels: {app: {{{name}}}}}
            spec:
              containers:
              - name: main
                image: {{{image}}}
                ports: [{containerPort: 80}]
                env: [{name: COLOUR, value: blue}]
        {{{extra}}}
        """;

    public static string ConfigMap(string name, params (string Key, string Value)[] data) =>
        $"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{{string.Join(", ", data.Select(d => $"{d.Key}: \"{d.Value}\""))}}}\n";

    /// <summary>A definition with most of what definitions can have; the group keeps tests apart.</summary>
    public static string Definition(string group) => $$$"""
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: ships.{{{group}}}}
        spec:
          group: {{{group}}}
          scope: Namespaced
          names: {plural: ships, singular: ship, kind: Ship, shortNames: [shp]}
          versions:
          - name: v1
            served: true
            storage: true
            additionalPrinterColumns:
            - {name: Captain, type: string, jsonPath: .spec.captain}
            - {name: Afloat, type: string, jsonPath: '.status.conditions[?(@.type=="Afloat")].status'}
            - {name: Tons, type: integer, jsonPath: .spec.tons, priority: 1}
            - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
            subresources:
              status: {}
              scale: {specReplicasPath: .spec.masts, statusReplicasPath: .status.masts}
            schema:
              openAPIV3Schema:
                type: object
                description: A vessel.
                required: [spec]
                properties:
                  spec:
                    type: object
                    description: What is asked for.
                    required: [captain]
                    properties:
                      captain: {type: string, minLength: 2, pattern: '^[a-z]+$', description: Who gives the orders.}
                      tons: {type: integer, minimum: 1, maximum: 1000}
                      masts: {type: integer, default: 3}
                      class: {type: string, enum: [sloop, frigate]}
                      log: {type: object, x-kubernetes-preserve-unknown-fields: true}
                      cargo:
                        type: array
                        x-kubernetes-list-type: map
                        x-kubernetes-list-map-keys: [hold]
                        items: {type: object, required: [hold], properties: {hold: {type: string}, goods: {type: string} }}
                      flags: {type: array, x-kubernetes-list-type: set, items: {type: string}}
                  status:
                    type: object
                    properties:
                      masts: {type: integer}
                      conditions:
                        type: array
                        x-kubernetes-list-type: map
                        x-kubernetes-list-map-keys: [type]
                        items: {type: object, required: [type, status], properties: {type: {type: string}, status: {type: string} }}
        """;

    public static string Ship(string group, string name, string spec = "captain: ada") => $"apiVersion: {group}/v1\nkind: Ship\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n";
}
