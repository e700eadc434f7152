using System.Diagnostics;

namespace CodeZero.Testing;

/// <summary>Waiting for a condition, with a deadline.</summary>
public static class Eventually
{
    private static readonly TimeSpan FirstInterval = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>Asks until the answer satisfies, and returns it.</summary>
    /// <param name="ask">What to look at; an exception counts as "not yet" and is shown when the deadline passes.</param>
    /// <param name="deadline">Default: a minute, which only a failure takes.</param>
    /// <exception cref="TimeoutException">It never came to be; the message says what was seen last.</exception>
    public static async Task<T> GetAsync<T>(Func<Task<T>> ask, Func<T, bool> satisfies, TimeSpan? deadline = null)
    {
        var (started, limit) = (Stopwatch.GetTimestamp(), deadline ?? TimeSpan.FromMinutes(1));
        var interval = FirstInterval;
        object? seen;
        Exception? failure = null;
        do
        {
            try
            {
                var answer = await ask();
                if (satisfies(answer))
                    return answer;
                (seen, failure) = (answer, null);
            }
            catch (Exception e)
            {
                (seen, failure) = (e.Message, e);
            }
            // What did not come at once will not be hurried by asking, which has its price too.
            await Task.Delay(interval);
            interval = interval * 1.25 < LongestInterval ? interval * 1.25 : LongestInterval;
        }
        while (Stopwatch.GetElapsedTime(started) < limit);
        throw new TimeoutException($"Not so within {limit.TotalSeconds:0} s. Seen last: {seen}", failure);
    }

    /// <summary>Waits until the condition holds.</summary>
    public static Task HoldsAsync(Func<Task<bool>> condition, TimeSpan? deadline = null) => GetAsync(condition, holds => holds, deadline);

    /// <summary>Waits until the condition holds.</summary>
    public static Task HoldsAsync(Func<bool> condition, TimeSpan? deadline = null) => HoldsAsync(() => Task.FromResult(condition()), deadline);
}
