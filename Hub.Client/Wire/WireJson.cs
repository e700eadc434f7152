using System.Text.Json;
using System.Text.Json.Serialization;

namespace CodeZero.Hub.Client;

internal sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>The records' JSON, generated at build time so that the client works trimmed.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Account))]
[JsonSerializable(typeof(Organization))]
[JsonSerializable(typeof(Page<Organization>))]
[JsonSerializable(typeof(Page<MyOrganization>))]
[JsonSerializable(typeof(Page<Member>))]
[JsonSerializable(typeof(Member))]
[JsonSerializable(typeof(RoleChange))]
[JsonSerializable(typeof(Invitation))]
[JsonSerializable(typeof(Page<Invitation>))]
[JsonSerializable(typeof(NewInvitation))]
[JsonSerializable(typeof(Page<AuditEntry>))]
[JsonSerializable(typeof(AuditVerification))]
[JsonSerializable(typeof(NewOrganization))]
[JsonSerializable(typeof(Application))]
[JsonSerializable(typeof(Page<Application>))]
[JsonSerializable(typeof(Page<VersionName>))]
[JsonSerializable(typeof(ApplicationVersion))]
[JsonSerializable(typeof(Publication))]
[JsonSerializable(typeof(VisibilityChange))]
[JsonSerializable(typeof(IReadOnlyList<ManifestDiagnostic>))]
[JsonSerializable(typeof(Cluster))]
[JsonSerializable(typeof(Page<Cluster>))]
[JsonSerializable(typeof(NewCluster))]
[JsonSerializable(typeof(Enrolment))]
[JsonSerializable(typeof(NewEnrolment))]
[JsonSerializable(typeof(Page<EnrolmentState>))]
[JsonSerializable(typeof(AgentAcceptance))]
[JsonSerializable(typeof(Install))]
[JsonSerializable(typeof(Page<Install>))]
[JsonSerializable(typeof(NewInstall))]
[JsonSerializable(typeof(InstallChange))]
[JsonSerializable(typeof(Page<Report>))]
[JsonSerializable(typeof(Page<Revision>))]
[JsonSerializable(typeof(Page<Receipt>))]
[JsonSerializable(typeof(Approval))]
[JsonSerializable(typeof(Page<Approval>))]
[JsonSerializable(typeof(NewApproval))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, IReadOnlyList<string>>))]
internal sealed partial class WireJson : JsonSerializerContext;
