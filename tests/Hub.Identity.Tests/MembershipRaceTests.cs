using CodeZero.Hub.Contracts;
using CodeZero.Hub.Identity.Domain;
using CodeZero.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace CodeZero.Hub.Identity.Tests;

/// <summary>The rules of membership where two changes meet.</summary>
public sealed class MembershipRaceTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    [Fact]
    public async Task O03_Of_two_owners_who_demote_each_other_at_once_one_stays_owner()
    {
        for (var round = 0; round < 10; round++)
        {
            using var one = await fixture.SignUpAsync();
            using var two = await fixture.SignUpAsync();
            await fixture.JoinAsync(two, one.OrganizationId, "owner");

            var outcomes = await Task.WhenAll(
                ChangeAsync(one.OrganizationId, members => members.ChangeRoleAsync(two.UserId, OrganizationRole.Viewer, one.UserId, Proved, default)),
                ChangeAsync(one.OrganizationId, members => members.ChangeRoleAsync(one.UserId, OrganizationRole.Viewer, two.UserId, Proved, default)));

            Assert.Equal([MembershipOutcome.Done, MembershipOutcome.AboveOwnRole], outcomes.Order());
        }
    }

    [Fact]
    public async Task O03_Of_ten_owners_who_all_leave_at_once_one_stays()
    {
        using var founder = await fixture.SignUpAsync();
        var owners = new List<TestPerson> { founder };
        for (var i = 0; i < 9; i++)
        {
            owners.Add(await fixture.SignUpAsync());
            await fixture.JoinAsync(owners[^1], founder.OrganizationId, "owner");
        }

        var outcomes = await Task.WhenAll(owners.Select(owner => ChangeAsync(founder.OrganizationId, members => members.LeaveAsync(owner.UserId, default))));

        Assert.Equal(9, outcomes.Count(outcome => outcome == MembershipOutcome.Done));
        Assert.Single(outcomes, outcome => outcome == MembershipOutcome.LastOwner);
        owners.ForEach(owner => owner.Dispose());
    }

    [Fact]
    public async Task Somebody_added_twenty_times_at_once_is_a_member_once_in_the_first_role()
    {
        using var owner = await fixture.SignUpAsync();
        using var joining = await fixture.SignUpAsync();

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ChangeAsync(owner.OrganizationId, members => members.AddAsync(joining.UserId, OrganizationRole.Developer, "scim", default))));

        Assert.Single(outcomes, outcome => outcome == MembershipOutcome.Done);
        Assert.Equal(19, outcomes.Count(outcome => outcome == MembershipOutcome.Unchanged));
    }

    private static Task<bool> Proved(CancellationToken ct) => Task.FromResult(true);

    private Task<MembershipOutcome> ChangeAsync(Guid organization, Func<Memberships, Task<MembershipOutcome>> change) =>
        fixture.Hub.AsTenantAsync(organization, null, services => change(services.GetRequiredService<Memberships>()));
}
