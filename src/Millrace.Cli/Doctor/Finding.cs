using System.Text.Json;

namespace Millrace.Cli.Doctor;

internal enum Verdict
{
    /// <summary>As it should be.</summary>
    Ok = 0,

    /// <summary>It works, less well or less safely than it could.</summary>
    Warn = 1,

    /// <summary>It must not be served like this.</summary>
    Fail = 2,
}

/// <summary>What was looked at.</summary>
/// <param name="Check">Short name.</param>
/// <param name="Verdict">How it is.</param>
/// <param name="Measured">What was found, and by what.</param>
/// <param name="Why">Why it matters.</param>
/// <param name="Fix">The command that mends it; null when there is nothing to mend.</param>
internal sealed record Finding(string Check, Verdict Verdict, string Measured, string Why, string? Fix)
{
    /// <summary>Well, or else not, with what mends it.</summary>
    public static Finding Of(string check, bool isWell, Verdict otherwise, string measured, string why, string fix) =>
        new(check, isWell ? Verdict.Ok : otherwise, measured, why, isWell ? null : fix);

    public JsonElement ToJson() => JsonSerializer.SerializeToElement(new
    {
        check = Check,
        verdict = Verdict switch { Verdict.Ok => "ok", Verdict.Warn => "warn", _ => "fail" },
        measured = Measured,
        why = Why,
        fix = Fix,
    });
}
