using System.Globalization;
using System.Net.Http.Json;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Millrace.OperatorConsole.Sessions;

namespace Millrace.OperatorConsole.Pages;

/// <summary>The knobs of the demo.</summary>
internal sealed class DemoPages(DemoControls demo) : IDisposable
{
    // The simulator's own settings, by the names of the page.
    private static readonly Dictionary<string, object> Faults = new(StringComparer.Ordinal)
    {
        ["outage"] = new { outage = true },
        ["slow"] = new { latency_ms_p50 = 2_000 },
        ["lossy"] = new { lost_answer_rate = 0.5 },
        ["none"] = new { },
    };

    // A visitor of the demo has it; who has signed in with a key of less has not.
    private const string Scope = "system:operate";

    private readonly HttpClient _psp = new() { BaseAddress = demo.Psp, Timeout = TimeSpan.FromSeconds(5) };

    public Task<IResult> ShowAsync(HttpContext http, Session session)
    {
        var (notice, isProblem) = View.Notice(http);
        return Task.FromResult(View.Of<DemoPage>(new(StringComparer.Ordinal) { ["Session"] = session, ["Rate"] = demo.Rate, ["Nodes"] = demo.Nodes?.List(), ["Again"] = demo.Again, ["Notice"] = notice, ["IsProblem"] = isProblem }));
    }

    public async Task<IResult> BreakAsync(HttpContext http, Session session, IFormCollection form)
    {
        if (session.Lacks(Scope) is { } lack)
            return View.Back("/demo", lack, isProblem: true);
        if (!Faults.TryGetValue(form["fault"].ToString(), out var faults))
            return View.Back("/demo", "There is no such fault.", isProblem: true);
        return await AskAsync(() => _psp.PutAsJsonAsync("/faults", faults, http.RequestAborted), "Done: watch the charts.");
    }

    /// <summary>A charge at the provider that no order asked for.</summary>
    public async Task<IResult> ChargeAsync(HttpContext http, Session session, IFormCollection form)
    {
        if (session.Lacks(Scope) is { } lack)
            return View.Back("/demo", lack, isProblem: true);
        var reference = $"stray-{Guid.NewGuid():N}";
        return await AskAsync(() =>
        {
            var request = new HttpRequestMessage(HttpMethod.Post, "/v1/authorizations") { Content = JsonContent.Create(new { reference, order = "nobody", amount = 4_200, currency = "EUR", token = "tok_stray" }) };
            request.Headers.Add("Idempotency-Key", reference);
            return _psp.SendAsync(request, http.RequestAborted);
        }, "Done: within half a minute it is a break on the page Payments.");
    }

    private static async Task<IResult> AskAsync(Func<Task<HttpResponseMessage>> ask, string words)
    {
        try
        {
            using var answer = await ask();
            answer.EnsureSuccessStatusCode();
            return View.Back("/demo", words, isProblem: false);
        }
        catch (Exception away) when (away is HttpRequestException or SocketException)
        {
            return View.Back("/demo", $"The simulator does not answer: {away.Message}", isProblem: true);
        }
    }

    public Task<IResult> PaceAsync(HttpContext http, Session session, IFormCollection form)
    {
        if (session.Lacks(Scope) is { } lack)
            return Task.FromResult(View.Back("/demo", lack, isProblem: true));
        if (!double.TryParse(form["rate"], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var rate))
            return Task.FromResult(View.Back("/demo", "A rate is a number.", isProblem: true));
        demo.Rate = rate;
        return Task.FromResult(View.Back("/demo", $"{demo.Rate:0.#} orders a second.", isProblem: false));
    }

    public async Task<IResult> KillAsync(HttpContext http, Session session, IFormCollection form)
    {
        if (session.Lacks(Scope) is { } lack)
            return View.Back("/demo", lack, isProblem: true);
        var name = form["node"].ToString();
        return demo.Nodes is { } nodes && await nodes.Kill(name)
            ? View.Back("/demo", $"{name} is dead. Its partitions move to the others within seconds; it is started again in ten.", isProblem: false)
            : View.Back("/demo", "There is no such node that runs.", isProblem: true);
    }

    public void Dispose() => _psp.Dispose();
}
