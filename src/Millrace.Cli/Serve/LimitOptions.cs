using System.CommandLine;
using System.Globalization;
using Millrace.Api.Limits;
using Millrace.Cli.Client;

namespace Millrace.Cli.Serve;

/// <summary>What a tenant may ask for without limits of its own: <c>--tenant-rate</c>, <c>--key-rate</c>, <c>--tenant-per-day</c>.</summary>
internal sealed class LimitOptions
{
    private readonly Option<string?> _tenant = new("--tenant-rate")
    {
        Description = $"N[/BURST] requests a second of a tenant that has no limits of its own. Default {Words(LimitSettings.Default.Tenant)}.",
    };

    private readonly Option<string?> _key = new("--key-rate") { Description = $"N[/BURST] requests a second of one of its API keys. Default {Words(LimitSettings.Default.Key)}." };
    private readonly Option<long?> _day = new("--tenant-per-day") { Description = "Its requests a day of UTC. Default: no such limit." };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _tenant, _key, _day })
            command.Options.Add(option);
    }

    /// <exception cref="UsageException">One is not of its form.</exception>
    public LimitSettings Read(ParseResult parsed)
    {
        if (parsed.GetValue(_day) is < 1)
            throw new UsageException($"{_day.Name} is 1 or more.");
        return new LimitSettings(
            Read(_tenant.Name, parsed.GetValue(_tenant)) ?? LimitSettings.Default.Tenant,
            Read(_key.Name, parsed.GetValue(_key)) ?? LimitSettings.Default.Key,
            parsed.GetValue(_day));
    }

    // Without a burst of its own, two seconds' worth may come at once.
    private static Rate? Read(string option, string? text)
    {
        if (text is null)
            return null;
        var parts = text.Split('/');
        var burst = 0L;
        if (parts.Length <= 2 && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var rate) && rate is >= 1 and <= 1_000_000_000
            && (parts.Length == 1 || (long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out burst) && burst is >= 1 and <= 1_000_000_000)))
        {
            return new Rate(rate, parts.Length == 1 ? 2 * rate : burst);
        }

        throw new UsageException($"{option} '{text}' is no N or N/BURST, such as 100/200.");
    }

    private static string Words(Rate rate) => string.Create(CultureInfo.InvariantCulture, $"{rate.PerSecond}/{rate.Burst}");
}
