using Millrace.PspSimulator.Operations;

namespace Millrace.PspSimulator.Faults;

/// <summary>Stands before and after the effect of each request and lets the chosen faults happen there.</summary>
internal sealed class FaultGate(FaultDice dice, TimeProvider time, IHostApplicationLifetime lifetime)
{
    /// <summary>False when the request was answered here and must have no effect.</summary>
    public async ValueTask<bool> AdmitAsync(HttpContext context)
    {
        if (dice.Settings.Outage)
            return await RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "outage");

        // Not ended by the client's hanging up: a real provider goes on, and that late effect is what we are here to show.
        if (dice.Latency() is { Ticks: > 0 } delay)
            await Task.Delay(delay, time, lifetime.ApplicationStopping);
        if (dice.Hits(dice.Settings.ErrorRate))
            return await RefuseAsync(context, StatusCodes.Status500InternalServerError, "internal_error");
        return true;
    }

    /// <summary>True when the effect is done but its answer is not to be given.</summary>
    public async ValueTask<bool> SwallowAnswerAsync(HttpContext context, bool isLost)
    {
        if (isLost || dice.Hits(dice.Settings.LostAnswerRate))
        {
            context.Abort();
            return true;
        }

        return dice.Hits(dice.Settings.ErrorAfterRate)
            && !await RefuseAsync(context, StatusCodes.Status500InternalServerError, "internal_error");
    }

    private static async ValueTask<bool> RefuseAsync(HttpContext context, int status, string code)
    {
        await Answers.WriteAsync(context, status, new Problem(code));
        return false;
    }
}
