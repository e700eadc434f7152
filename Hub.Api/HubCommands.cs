using CodeZero.Hub.Platform.Data;
using CodeZero.Hub.Platform.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;

namespace CodeZero.Hub.Api;

/// <summary>The Hub's program from its arguments to its exit code, for a process of its own and for whoever wants none.</summary>
internal static class HubCommands
{
    private const int Failed = 1, UsageError = 2, NotMigrated = 3;

    /// <returns>The exit code; the program's help lists them.</returns>
    internal static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        try
        {
            return args switch
            {
                _ when args.Any(arg => arg is "--help" or "-h" or "help") => Help(output),
                [] or ["serve", ..] => await ServeAsync(args is [] ? args : args[1..]),
                ["migrate", .. var rest] => await MigrateAsync(rest, output),
                ["keys", .. var rest] => await KeyCommands.RunAsync(rest, output) is { } wrong ? Refuse(wrong, UsageError) : 0,
                [var first, ..] when first.StartsWith('-') => await ServeAsync(args),
                _ => Refuse($"'{args[0]}' is no command of this program. --help lists them.", UsageError),
            };
        }
        catch (Exception e) when ((e as OptionsValidationException ?? e.InnerException as OptionsValidationException) is { } wrong)
        {
            return Refuse(string.Join(Environment.NewLine, wrong.Failures), UsageError);
        }
        catch (NotMigratedException e)
        {
            return Refuse(e.Message, NotMigrated);
        }
        catch (MigrationException e)
        {
            return Refuse(e.Message, Failed);
        }
        catch (NpgsqlException e)
        {
            return Refuse($"The database does not answer as it should: {e.Message}", Failed);
        }

        int Refuse(string message, int exitCode)
        {
            error.WriteLine(message);
            return exitCode;
        }
    }

    private static async Task<int> ServeAsync(string[] args)
    {
        await using var app = HubApplication.Build(HubApplication.CreateBuilder(args));
        await app.RunAsync();
        return 0;
    }

    private static async Task<int> MigrateAsync(string[] args, TextWriter output)
    {
        await using var app = HubApplication.CreateBuilder(args).Build();
        var applied = await app.Services.GetRequiredService<DatabaseMigration>().RunAsync(CancellationToken.None);
        foreach (var file in applied)
            output.WriteLine($"applied {file}");
        output.WriteLine(applied.Count == 0 ? "The database is up to date." : $"The database is up to date, {applied.Count} applied.");
        return 0;
    }

    private static int Help(TextWriter output)
    {
        output.WriteLine("""
            The CodeZero Hub.

              Hub.Api [serve]    serves; the database must be migrated
              Hub.Api migrate    applies the migrations as the role of Hub:Database:Owner
              Hub.Api keys list  lists the keys that the sign-in signs with
              Hub.Api keys rotate [--compromised]
                                 makes their successors, which take over in 14 days; with
                                 --compromised at once, and every token signed before is void
              Hub.Api --help     prints this

            Settings come from appsettings.json, environment variables (Hub__PublicUrl) and arguments (--Hub:PublicUrl=https://hub.example.com).
            docs/configuration.md lists them. Exit codes: 0 done, 1 failed, 2 wrong command or settings, 3 database not migrated.
            """);
        return 0;
    }
}
