using CodeZero.Hub.Platform.Security;
using Npgsql;

namespace CodeZero.Hub.Platform.Web;

/// <summary>Something the Hub stands on does not answer now, and will again without a restart: 503 with Retry-After.</summary>
internal sealed record Unavailable(string Code, string Detail)
{
    private static readonly Unavailable Database = new("database.unavailable", "The Hub cannot reach its database at the moment. Nothing was changed. Try again in a few seconds.");
    private static readonly Unavailable Issuer = new("issuer.unavailable", "The Hub cannot reach the identity provider that vouches for access tokens. Try again in a few seconds.");

    internal static Unavailable? Find(Exception exception)
    {
        for (var current = exception; current is not null; current = current.InnerException)
            switch (current)
            {
                case IssuerUnavailableException:
                    return Issuer;
                case PostgresException postgres:
                    return IsServerGone(postgres.SqlState) ? Database : null;
                case NpgsqlException { InnerException: System.Net.Sockets.SocketException or IOException or TimeoutException }:
                case NpgsqlException { IsTransient: true }:
                    return Database;
            }
        return null;
    }

    /// <summary>Class 08 connection, 57P01–57P03 shutting down or starting, 53300 out of connections, 25006 read-only after a failover.</summary>
    private static bool IsServerGone(string sqlState) =>
        sqlState.StartsWith("08", StringComparison.Ordinal) || sqlState is "57P01" or "57P02" or "57P03" or "53300" or "25006";
}
