using System.Text;

namespace Millrace.Cli.Torture;

/// <summary>What the provider does wrong, a while each.</summary>
internal static class PspFaults
{
    private static readonly string[] All =
    [
        "{}", """{"lost_answer_rate":0.1}""", """{"duplicate_webhook_rate":1,"out_of_order_webhooks":true}""",
        """{"error_rate":0.1,"error_after_rate":0.05}""", """{"drop_webhook_rate":1,"lost_answer_rate":0.05}""", """{"outage":true}""",
        """{"latency_ms_p50":20,"latency_ms_p99":300}""", """{"decline_rate":0.2,"lost_answer_rate":0.1,"drop_webhook_rate":0.5}""",
    ];

    public static Task SetAnyAsync(Uri psp, Random random, CancellationToken cancellation) => SetAsync(psp, All[random.Next(All.Length)], cancellation);

    public static Task ClearAsync(Uri psp, CancellationToken cancellation) => SetAsync(psp, "{}", cancellation);

    private static async Task SetAsync(Uri psp, string faults, CancellationToken cancellation)
    {
        using var http = new HttpClient();
        using var body = new StringContent(faults, Encoding.UTF8, "application/json");
        using var answer = await http.PutAsync(new Uri(psp, "/faults"), body, cancellation);
        answer.EnsureSuccessStatusCode();
    }
}
