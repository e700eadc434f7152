using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Areas.Identity;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Hub.Platform.Security;
using CodeZero.Hub.Platform.Tenancy;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>What tokens look like, and the rules about them, without a Hub.</summary>
public sealed class ApiTokenTextTests
{
    [Fact]
    public void A_token_says_whose_kind_it_is_and_has_a_checksum_that_scanners_can_compute()
    {
        var token = ApiToken.Create().Reveal();

        Assert.Matches("^czp_[0-9A-Za-z]{38}$", token);
        Assert.Equal(token, ApiToken.Parse(token)!.Reveal());
        Assert.NotEqual(token, ApiToken.Create().Reveal());
        // A value computed elsewhere: CRC-32 of "czp_" and 32 zeros is 0x3B1B24A8, in base 62 as below.
        Assert.NotNull(ApiToken.Parse("czp_" + new string('0', 32) + "156nSS"));
    }

    [Fact]
    public void A_key_names_its_organization()
    {
        foreach (var organization in new[] { Guid.Empty, Guid.CreateVersion7(), new Guid(Enumerable.Repeat((byte)255, 16).ToArray()) })
        {
            var key = ApiToken.Create(organization).Reveal();

            Assert.Matches("^czo_[0-9A-Za-z]{60}$", key);
            Assert.Equal(organization, ApiToken.Parse(key)!.OrganizationId);
        }
    }

    [Fact]
    public void O05_A_wrong_prefix_length_character_or_checksum_is_no_token()
    {
        foreach (var good in new[] { ApiToken.Create().Reveal(), ApiToken.Create(Guid.CreateVersion7()).Reveal() })
        {
            for (var i = 0; i < good.Length; i++)
                Assert.Null(ApiToken.Parse(good[..i] + (good[i] == 'x' ? 'y' : 'x') + good[(i + 1)..]));
            Assert.Null(ApiToken.Parse(good[..^1]));
            Assert.Null(ApiToken.Parse(good + "0"));
            Assert.Null(ApiToken.Parse(good.Replace("cz", "CZ", StringComparison.Ordinal)));
            Assert.Null(ApiToken.Parse(good + " "));
        }
        Assert.Null(ApiToken.Parse(null));
        Assert.Null(ApiToken.Parse(""));
        Assert.Null(ApiToken.Parse("czp_"));
    }

    [Fact]
    public void A_token_limits_what_its_holder_may_and_adds_nothing()
    {
        var now = TimeProvider.System.GetUtcNow();
        Membership Member(OrganizationRole role, DateTimeOffset? mfaFrom = null) => new(Guid.CreateVersion7(), "acme", "Acme", role, mfaFrom);
        OrganizationAccess Decide(Membership? member, Permission permission, params string[] limits) => OrganizationRule.Decide(member, permission, ["pwd"], limitedTo: null, now, limits.ToHashSet());

        Assert.Equal(OrganizationAccess.Granted, Decide(Member(OrganizationRole.Developer), Permissions.PublishApplications, "apps.publish"));
        Assert.Equal(OrganizationAccess.NotInToken, Decide(Member(OrganizationRole.Owner), Permissions.PublishApplications, "apps.read"));
        Assert.Equal(OrganizationAccess.NotInToken, Decide(Member(OrganizationRole.Owner), Permissions.PublishApplications));
        Assert.Equal(OrganizationAccess.RoleTooLow, Decide(Member(OrganizationRole.Viewer), Permissions.PublishApplications, "apps.publish"));
        Assert.Equal(OrganizationAccess.NotAMember, Decide(null, Permissions.PublishApplications, "apps.publish"));
        Assert.Equal(OrganizationAccess.MfaRequired, Decide(Member(OrganizationRole.Owner, now), Permissions.PublishApplications, "apps.publish"));
    }

    [Fact]
    public void A_permission_that_no_token_can_have_is_found_by_no_name()
    {
        Assert.Equal(["apps.read", "apps.publish"], ApiTokenRules.Find(["apps.publish", "apps.read", "apps.publish"]).Permissions!.Select(permission => permission.Name));
        foreach (var name in new[] { "keys.manage", "organization.leave", "organization.delete", "organization.transfer", "policy.manage", "apps.Publish", "", "*" })
            Assert.Equal((null, name), ApiTokenRules.Find(["apps.read", name]));
        Assert.Equal(OrganizationRole.Admin, ApiTokenRules.LowestRole([Permissions.ReadApplications, Permissions.ReadAudit]));
    }

    [Fact]
    public void Every_permission_of_tokens_is_explained_on_the_pages_that_make_them() =>
        Assert.Equal(Permissions.ForTokens.Select(permission => permission.Name).Order(), PermissionWords.Groups.SelectMany(group => group.Permissions).Select(offered => offered.Permission.Name).Order());
}
