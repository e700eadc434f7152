using System.CommandLine;
using CodeZero.Cli.Session;
using CodeZero.Hub.Client;

namespace CodeZero.Cli.CommandLine;

/// <summary>What a command works with: its arguments, its surroundings, the terminal, the home, and the Hub once it is asked for.</summary>
internal sealed class CommandContext(ParseResult parsed, Surroundings surroundings, Terminal terminal) : IDisposable
{
    private readonly Lazy<TokenCredentials?> _token = new(() => TokenFromEnvironment.Find(parsed, surroundings, terminal));
    private HubClient? _hub;
    private SessionCredentials? _session;
    private string? _organization;

    public Surroundings Surroundings => surroundings;
    public Terminal Terminal => terminal;
    public CzctlHome Home { get; } = CzctlHome.Find(surroundings);
    public TimeProvider Time { get; } = TimeProvider.System;

    /// <summary>The Hub's address.</summary>
    /// <exception cref="CommandError">None is named anywhere.</exception>
    public Uri HubAddress
    {
        get
        {
            var written = parsed.GetValue(GlobalOptions.Hub) ?? Setting("CZCTL_HUB") ?? Home.ReadSettings().Hub
                ?? throw CommandError.Usage("No Hub is named.", "Name it once: czctl login --hub https://hub.example.com (or set CZCTL_HUB).");
            return HubAddresses.TryParse(written, out var address, out var problem) ? address : throw CommandError.Usage(problem);
        }
    }

    /// <summary>The token that is used instead of a sign-in; null without one.</summary>
    public TokenCredentials? Token => _token.Value;

    /// <summary>The Hub, as the signed-in person, or by <see cref="Token"/>.</summary>
    public HubClient Hub => _hub ??= new HubClient(HubAddress, new HubClientOptions { Credentials = Token as IHubCredentials ?? Session });

    /// <summary>The sign-in at the Hub.</summary>
    public SessionCredentials Session => _session ??= new(SessionStore, Time);

    public SessionStore SessionStore => new(Home, HubAddress);

    public T? Get<T>(Option<T> option) => parsed.GetValue(option);
    public T Get<T>(Argument<T> argument) => parsed.GetValue(argument)!;

    /// <summary>The slug or id of the organization to work in.</summary>
    /// <exception cref="CommandError">The person has several and none is chosen, or has none.</exception>
    public async Task<string> OrganizationAsync(CancellationToken ct) =>
        _organization ??= ChosenOrganization ?? Only(await Hub.Identity.OrganizationsAsync(ct).ToListAsync(ct));

    /// <summary>The same without insisting: null where a choice is still to be made.</summary>
    public string? FindOrganization(IReadOnlyList<MyOrganization> mine) => ChosenOrganization ?? (mine is [var only] ? only.Slug : null);

    /// <summary>The organization that was named somewhere, by slug or id; null where none was.</summary>
    public string? ChosenOrganization => parsed.GetValue(GlobalOptions.Organization) ?? Setting("CZCTL_ORG") ?? Home.ReadSettings().OrganizationAt(HubAddress);

    private static string Only(List<MyOrganization> mine) => mine switch
    {
        [var only] => only.Slug,
        [] => throw CommandError.NotFound("You are in no organization.", "Ask an owner for an invitation, or make an organization at the Hub."),
        _ => throw CommandError.Usage($"You are in {mine.Count} organizations: {string.Join(", ", mine.Select(org => org.Slug))}.", "Choose one: czctl org use SLUG, or --org SLUG."),
    };

    public void Dispose() => _hub?.Dispose();

    private string? Setting(string name) => surroundings.Variable(name) is { Length: > 0 } value ? value : null;
}
