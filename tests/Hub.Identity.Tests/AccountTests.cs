using System.Net.Http.Json;
using System.Text.Json;
using CodeZero.Testing;

namespace CodeZero.Hub.Identity.Tests;

public sealed class AccountTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    [Fact]
    public async Task A_person_who_signed_up_owns_an_organization_and_is_known_to_the_api()
    {
        using var person = await fixture.SignUpAsync("Müller & Söhne GmbH");

        var me = await person.Client.GetFromJsonAsync<JsonElement>("/v1/me");

        Assert.Equal(person.UserId, me.GetProperty("id").GetGuid());
        Assert.Equal(person.Email, me.GetProperty("email").GetString());
        var organization = Assert.Single(me.GetProperty("organizations").EnumerateArray());
        Assert.Equal(("muller-sohne-gmbh", "Müller & Söhne GmbH", "owner"), (organization.GetProperty("slug").GetString(), organization.GetProperty("name").GetString(), organization.GetProperty("role").GetString()));
    }
}
