using System.Diagnostics;
using System.Globalization;
using CodeZero.Testing;

namespace CodeZero.Benchmarks;

/// <summary>
/// Whether the time of a refused sign-in tells if the address has an account: as many tries with addresses that have none as with wrong passwords for ones that have,
/// one after the other in pairs whose order is drawn, over real HTTP at the real cost of a hash. Judged by Welch's test for two means.
/// </summary>
internal static class SignInTiming
{
    private const int Samples = 1000, WarmUp = 40, People = 20;

    /// <summary>Of the standard normal distribution, two-sided: by chance alone it is passed once in a hundred runs.</summary>
    private const double Critical = 2.576;

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var hub = await HubProcess.StartAsync(database, new Dictionary<string, string?> { ["Hub__Identity__Lockout__Attempts"] = "100" });
        var people = await SignInForm.SignUpAsync(hub.Address, People);
        using var form = await SignInForm.LoadAsync(hub.Address);
        var (nobody, wrong) = (new List<double>(Samples), new List<double>(Samples));
        var random = new Random(20);
        for (var i = -WarmUp; i < Samples; i++)
        {
            var (first, second) = random.Next(2) == 0 ? (true, false) : (false, true);
            foreach (var isKnown in new[] { first, second })
            {
                var milliseconds = await TimeAsync(form, isKnown ? people[(i + WarmUp) % People] : $"person-{Guid.CreateVersion7():N}@example.com");
                if (i >= 0)
                    (isKnown ? wrong : nobody).Add(milliseconds);
            }
        }
        var (unknown, known) = (Sample.Of(nobody), Sample.Of(wrong));
        var error = Math.Sqrt((unknown.Error * unknown.Error) + (known.Error * known.Error));
        var statistic = (known.Mean - unknown.Mean) / error;
        return
        [
            new($"refused sign-in, address without an account ({Samples} samples)", unknown.ToString()),
            new($"refused sign-in, wrong password ({Samples} samples)", known.ToString()),
            new("difference of the means, 99 % interval", string.Create(CultureInfo.InvariantCulture, $"{known.Mean - unknown.Mean:0.000} ± {Critical * error:0.000} ms")),
            new("Welch's t", string.Create(CultureInfo.InvariantCulture, $"{statistic:0.00}: {(Math.Abs(statistic) < Critical ? "no difference shown" : "the times differ")} (at 1 %, |t| ≥ {Critical:0.00})")),
        ];
    }

    private static async Task<double> TimeAsync(SignInForm form, string email)
    {
        var started = Stopwatch.GetTimestamp();
        if (await form.SendAsync(email, "not-the-password-of-anybody"))
            throw new InvalidOperationException($"{email} was signed in.");
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    /// <param name="Error">The standard error of the mean.</param>
    private sealed record Sample(double Mean, double Error)
    {
        public static Sample Of(List<double> values)
        {
            var mean = values.Average();
            return new(mean, Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1) / values.Count));
        }

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Mean:0.000} ms, standard error {Error:0.000}");
    }
}
