using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using CodeZero.Hub.Identity.Scim;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>Patches of SCIM (RFC 7644 §3.5.2), as the RFC, Entra ID and Okta write them.</summary>
public sealed class ScimPatchTests
{
    private const string Ada = """
        {"userName":"ada@example.com","displayName":"Ada","active":true,"name":{"givenName":"Ada","familyName":"Byron"},
         "emails":[{"value":"ada@example.com","type":"work","primary":true},{"value":"ada@home.example","type":"home"}]}
        """;

    private const string Crew = """{"displayName":"Crew","members":[{"value":"m1"},{"value":"m2"}]}""";

    /// <summary>Each: the resource; the operations; what differs afterwards, by attribute (null: gone).</summary>
    public static TheoryData<string, string, string> Patches => new()
    {
        // The RFC's own.
        { Ada, """{"op":"replace","path":"displayName","value":"Countess"}""", """{"displayName":"Countess"}""" },
        { Ada, """{"op":"add","path":"externalId","value":"e1"}""", """{"externalId":"e1"}""" },
        { Ada, """{"op":"remove","path":"displayName"}""", """{"displayName":null}""" },
        { Ada, """{"op":"replace","path":"displayName","value":null}""", """{"displayName":null}""" },
        { Ada, """{"op":"replace","path":"name.familyName","value":"Lovelace"}""", """{"name":{"givenName":"Ada","familyName":"Lovelace"}}""" },
        { Ada, """{"op":"replace","path":"name","value":{"familyName":"Lovelace"}}""", """{"name":{"givenName":"Ada","familyName":"Lovelace"}}""" },
        { Ada, """{"op":"remove","path":"name"}""", """{"name":null}""" },
        { Ada, """{"op":"remove","path":"name.givenName"},{"op":"remove","path":"name.familyName"}""", """{"name":null}""" },
        { Ada, """{"op":"add","value":{"displayName":"A","name":{"formatted":"Ada B."}}}""", """{"displayName":"A","name":{"givenName":"Ada","familyName":"Byron","formatted":"Ada B."}}""" },
        { Ada, """{"op":"remove","path":"emails[type eq \"home\"]"}""", """{"emails":[{"value":"ada@example.com","type":"work","primary":true}]}""" },
        { Ada, """{"op":"remove","path":"emails[type eq \"other\"]"}""", "{}" },
        { Ada, """{"op":"replace","path":"emails[type eq \"home\"].value","value":"new@home.example"}""", """{"emails":[{"value":"ada@example.com","type":"work","primary":true},{"value":"new@home.example","type":"home"}]}""" },
        { Ada, """{"op":"replace","path":"emails[type eq \"home\" and value ew \".example\"]","value":{"type":"private"}}""", """{"emails":[{"value":"ada@example.com","type":"work","primary":true},{"value":"ada@home.example","type":"private"}]}""" },
        { Ada, """{"op":"add","path":"emails","value":[{"value":"x@example.com","primary":true}]}""", """{"emails":[{"value":"ada@example.com","type":"work","primary":false},{"value":"ada@home.example","type":"home"},{"value":"x@example.com","primary":true}]}""" },
        { Ada, """{"op":"add","path":"emails","value":{"value":"ada@home.example","type":"home"}}""", "{}" },
        { Ada, """{"op":"replace","path":"emails","value":[{"value":"only@example.com"}]}""", """{"emails":[{"value":"only@example.com"}]}""" },
        { Crew, """{"op":"add","path":"members","value":[{"value":"m2"},{"value":"m3"},{"value":"m3"}]}""", """{"members":[{"value":"m1"},{"value":"m2"},{"value":"m3"}]}""" },
        { Crew, """{"op":"remove","path":"members[value eq \"m1\"]"}""", """{"members":[{"value":"m2"}]}""" },
        { Crew, """{"op":"remove","path":"members"}""", """{"members":null}""" },
        { Crew, """{"op":"add","path":"urn:codezero:params:scim:schemas:extension:2.0:Group:role","value":"Developer"}""", """{"urn:codezero:params:scim:schemas:extension:2.0:Group":{"role":"developer"}}""" },
        { Crew, """{"op":"add","value":{"urn:codezero:params:scim:schemas:extension:2.0:Group":{"role":"admin"}}}""", """{"urn:codezero:params:scim:schemas:extension:2.0:Group":{"role":"admin"}}""" },
        // Entra ID: operations with a capital, truth as text, keys that are paths, values beside the path of a removal, attributes that nobody keeps here.
        { Ada, """{"op":"Replace","path":"active","value":"False"}""", """{"active":false}""" },
        { Ada, """{"op":"Replace","path":"ACTIVE","value":"true"}""", "{}" },
        { Ada, """{"op":"Replace","value":{"name.givenName":"Augusta","emails[type eq \"work\"].value":"augusta@example.com","active":"False"}}""",
            """{"active":false,"name":{"givenName":"Augusta","familyName":"Byron"},"emails":[{"value":"augusta@example.com","type":"work","primary":true},{"value":"ada@home.example","type":"home"}]}""" },
        { Ada, """{"op":"Add","path":"emails[type eq \"other\"].value","value":"ada@other.example"}""", """{"emails":[{"value":"ada@example.com","type":"work","primary":true},{"value":"ada@home.example","type":"home"},{"type":"other","value":"ada@other.example"}]}""" },
        { Ada, """{"op":"Replace","path":"displayName","value":[{"$ref":null,"value":"Countess"}]}""", """{"displayName":"Countess"}""" },
        { Ada, """{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department","value":"Engines"},{"op":"Add","path":"phoneNumbers[type eq \"work\"].value","value":"1"},{"op":"Replace","path":"title","value":"Countess"}""", "{}" },
        { Crew, """{"op":"Remove","path":"members","value":[{"value":"m2"}]}""", """{"members":[{"value":"m1"}]}""" },
        { Crew, """{"op":"Add","path":"members","value":[{"$ref":null,"value":"m3"}]}""", """{"members":[{"value":"m1"},{"value":"m2"},{"value":"m3"}]}""" },
        // Okta: no path, with what is read-only among the rest.
        { Ada, """{"op":"replace","value":{"active":false}}""", """{"active":false}""" },
        { Crew, """{"op":"replace","value":{"id":"g1","displayName":"Deck"}}""", """{"displayName":"Deck"}""" },
        { Crew, """{"op":"replace","path":"members","value":[{"value":"m9","display":"nine"}]}""", """{"members":[{"value":"m9"}]}""" },
        // One after the other.
        { Ada, """{"op":"replace","path":"displayName","value":"B"},{"op":"remove","path":"displayName"},{"op":"add","path":"displayName","value":"C"}""", """{"displayName":"C"}""" },
    };

    [Theory]
    [MemberData(nameof(Patches))]
    public void A_patch_changes_what_it_names(string before, string operations, string differences)
    {
        var expected = Parse(before);
        foreach (var (name, value) in Parse(differences))
            if (value is null)
                expected.Remove(name);
            else
                expected[name] = value.DeepClone();

        var changed = ScimPatch.Apply(Parse(before), Message(operations), TypeOf(before));

        Assert.True(JsonNode.DeepEquals(expected, changed), changed.ToJsonString());
    }

    [Theory]
    [InlineData("""{"op":"replace","path":"id","value":"x"}""", "mutability")]
    [InlineData("""{"op":"add","path":"groups","value":[{"value":"x"}]}""", "mutability")]
    [InlineData("""{"op":"remove","path":"userName"}""", "mutability")]
    [InlineData("""{"op":"remove","path":"emails[type eq \"work\"].value"}""", "mutability")]
    [InlineData("""{"op":"replace","path":"shoeSize","value":1}""", "invalidPath")]
    [InlineData("""{"op":"replace","path":"name.shoeSize","value":1}""", "invalidPath")]
    [InlineData("""{"op":"replace","path":"emails[type eq \"work\"","value":1}""", "invalidFilter")]
    [InlineData("""{"op":"replace","path":"emails[type is \"work\"].value","value":"x"}""", "invalidFilter")]
    [InlineData("""{"op":"replace","path":"userName[value eq \"x\"]","value":"x"}""", "invalidPath")]
    [InlineData("""{"op":"replace","path":"","value":"x"}""", "invalidPath")]
    [InlineData("""{"op":"replace","path":"displayName; drop","value":"x"}""", "invalidPath")]
    [InlineData("""{"op":"replace","path":"emails[type eq \"other\"].value","value":"x@example.com"}""", "noTarget")]
    [InlineData("""{"op":"add","path":"emails[type sw \"o\"].value","value":"x@example.com"}""", "noTarget")]
    [InlineData("""{"op":"remove"}""", "noTarget")]
    [InlineData("""{"op":"add","value":"x"}""", "invalidValue")]
    [InlineData("""{"op":"add","path":"displayName"}""", "invalidValue")]
    [InlineData("""{"op":"add","path":"displayName","value":{"a":1}}""", "invalidValue")]
    [InlineData("""{"op":"add","path":"displayName","value":["a","b"]}""", "invalidValue")]
    [InlineData("""{"op":"add","path":"active","value":"perhaps"}""", "invalidValue")]
    [InlineData("""{"op":"add","path":"emails","value":[{"type":"work"}]}""", "invalidValue")]
    [InlineData("""{"op":"add","path":"emails","value":"x@example.com"}""", "invalidValue")]
    [InlineData("""{"op":"add","path":"displayName","value":"two\nlines"}""", "invalidValue")]
    [InlineData("""{"op":"move","path":"displayName"}""", "invalidSyntax")]
    [InlineData("""{"path":"displayName"}""", "invalidSyntax")]
    [InlineData("""{"op":1}""", "invalidSyntax")]
    [InlineData("5", "invalidSyntax")]
    [InlineData("", "invalidSyntax")]
    public void A_patch_that_cannot_be_carried_out_changes_nothing_and_says_why(string operations, string type)
    {
        var resource = Parse(Ada);

        var refused = Assert.Throws<ScimException>(() => ScimPatch.Apply(resource, Message(operations.Length == 0 ? "" : """{"op":"replace","path":"displayName","value":"Changed"},""" + operations), ScimSchemas.User));

        Assert.Equal((400, type), (refused.Status, refused.Type));
        Assert.True(JsonNode.DeepEquals(Parse(Ada), resource));
    }

    [Fact]
    public void A_whole_resource_is_read_by_its_schema()
    {
        var read = ScimReader.Read(JsonElement.Parse("""
            {"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"USERNAME":"a@example.com","id":"mine","groups":[{"value":"g"}],"shoeSize":42,"password":"secret","displayName":"",
             "emails":[{"value":"a@example.com","Type":"work","unknown":1}],"name":null,"active":"True"}
            """), ScimSchemas.User);

        Assert.Equal("""{"userName":"a@example.com","emails":[{"value":"a@example.com","type":"work"}],"active":true}""", read.ToJsonString());
        foreach (var (body, type) in new[]
        {
            ("""{"userName":"a"}""", "invalidSyntax"),
            ("[]", "invalidSyntax"),
            ("""{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"]}""", "invalidValue"),
            ("""{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"a","USERNAME":"b"}""", "invalidSyntax"),
            ("""{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":["a","b"]}""", "invalidValue"),
        })
            Assert.Equal(type, Assert.Throws<ScimException>(() => ScimReader.Read(JsonElement.Parse(body), ScimSchemas.User)).Type);
    }

    [Theory]
    [InlineData("userName,name.givenName", null, """{"id":"1","userName":"a","name":{"givenName":"A"}}""")]
    [InlineData("NAME", null, """{"id":"1","name":{"givenName":"A","familyName":"B"}}""")]
    [InlineData(null, "name.givenName,userName,id", """{"id":"1","name":{"familyName":"B"},"emails":[{"value":"a@b"}]}""")]
    [InlineData("nothing", null, """{"id":"1"}""")]
    public void An_answer_has_the_attributes_that_are_asked_for(string? attributes, string? excluded, string expected)
    {
        var resource = Parse("""{"id":"1","userName":"a","name":{"givenName":"A","familyName":"B"},"emails":[{"value":"a@b"}]}""");

        Assert.Equal(expected, ScimProjection.Parse(attributes, excluded, ScimSchemas.User).Apply(resource, ScimSchemas.User).ToJsonString());
    }

    [Fact]
    public void Whatever_a_message_says_it_is_carried_out_or_refused_soon()
    {
        string[] paths = ["userName", "ACTIVE", "name", "name.givenName", "emails", "emails.type", "emails[type eq \"work\"]", "emails[type eq \"x\"].value", "emails[value pr].primary", "groups", "meta.version", "nothing", "emails[", "", "title"];
        string[] values = ["null", "true", "\"False\"", "5", "\"x@example.com\"", "[]", "[null]", "{}", "[[]]", """{"value":"x"}""", """[{"value":"x","primary":true},{"value":"y","primary":"True"}]""", """{"name.givenName":"G","emails[type eq \"new\"].value":"v","id":1}""", """{"givenName":{"a":[1]}}"""];
        var random = new Random(20261130);
        var clock = Stopwatch.StartNew();
        var applied = 0;
        for (var round = 0; round < 20_000; round++)
        {
            var operations = string.Join(',', Enumerable.Range(0, random.Next(1, 4)).Select(_ =>
                $$"""{"op":"{{Pick("add", "Replace", "REMOVE", "remove", "")}}"{{(random.Next(4) == 0 ? "" : $",\"path\":{JsonSerializer.Serialize(Pick(paths))}")}}{{(random.Next(5) == 0 ? "" : $",\"value\":{Pick(values)}")}}}"""));
            try
            {
                ScimPatch.Apply(Parse(Ada), Message(operations), ScimSchemas.User);
                applied++;
            }
            catch (ScimException refused)
            {
                Assert.Equal(400, refused.Status);
                Assert.NotNull(refused.Type);
            }
        }
        Assert.True(applied > 1000, $"{applied} were carried out");
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"{clock.Elapsed}");

        string Pick(params string[] from) => from[random.Next(from.Length)];
    }

    [Fact]
    public void Hundreds_of_removals_from_ten_thousand_members_take_no_time()
    {
        var group = new JsonObject { ["displayName"] = "All", ["members"] = new JsonArray([.. Enumerable.Range(0, 10_000).Select(i => new JsonObject { ["value"] = $"m{i}" })]) };
        var removals = string.Join(',', Enumerable.Range(0, 300).Select(i => string.Create(CultureInfo.InvariantCulture, $$"""{"op":"remove","path":"members[value eq \"m{{i * 10}}\"]"}""")));
        var clock = Stopwatch.StartNew();

        var changed = ScimPatch.Apply(group, Message(removals), ScimSchemas.Group);

        Assert.Equal(9_700, changed["members"]!.AsArray().Count);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"{clock.Elapsed}");
        var tooMany = string.Join(',', Enumerable.Repeat("""{"op":"remove","path":"members"}""", ScimPatch.MaxOperations + 1));
        Assert.Equal("invalidSyntax", Assert.Throws<ScimException>(() => ScimPatch.Apply(group, Message(tooMany), ScimSchemas.Group)).Type);
    }

    private static JsonElement Message(string operations) => JsonElement.Parse($$"""{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{{operations}}]}""");

    private static ScimResourceType TypeOf(string resource) => resource == Ada ? ScimSchemas.User : ScimSchemas.Group;

    private static JsonObject Parse(string json) => JsonNode.Parse(json)!.AsObject();
}
