using System.Net;
using Millrace.PspSimulator;
using Xunit;

namespace Millrace.Tests.PspSimulator;

public sealed class RecordTests
{
    [Fact]
    public async Task A_restart_keeps_every_answered_operation_and_its_sums()
    {
        await using var first = await PspHost.StartAsync();
        var authorization = (await first.AuthorizeAsync("k1", amount: 500)).Id;
        var capture = await first.FollowUpAsync(authorization, "captures", "k2", 300);
        var before = await first.RecordsAsync();
        await first.StopAsync();

        await using var second = await PspHost.StartAgainAsync(first);

        Assert.Equal(before, await second.RecordsAsync());
        Assert.Equal(capture with { IsReplayed = true }, await second.FollowUpAsync(authorization, "captures", "k2", 300));
        Assert.Equal("capture_exceeds_authorized", (await second.FollowUpAsync(authorization, "captures", "k3", 201)).Code);
    }

    [Fact]
    public async Task A_torn_last_line_is_cut_off_and_the_record_goes_on_after_it()
    {
        await using var first = await PspHost.StartAsync();
        var kept = await first.AuthorizeAsync("k1");
        await first.StopAsync();
        await File.AppendAllTextAsync(first.RecordFile, """{"id":"pa_torn","kind":"autho""");

        await using var second = await PspHost.StartAgainAsync(first);
        var next = await second.AuthorizeAsync("k2");

        Assert.Equal([kept.Id, next.Id], (await second.RecordsAsync()).Select(record => record.Id));
        Assert.DoesNotContain("pa_torn", await ReadSharedAsync(second), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_record_damaged_before_its_end_refuses_to_start()
    {
        await using var first = await PspHost.StartAsync();
        await first.AuthorizeAsync("k1");
        await first.StopAsync();
        await File.WriteAllTextAsync(first.RecordFile, "not ours\n" + await File.ReadAllTextAsync(first.RecordFile));

        Assert.Throws<InvalidDataException>(() => PspServer.Build(PspHost.Options(first.Folder)));
        Assert.Equal(1, await PspServer.RunAsync(PspHost.Options(first.Folder), CancellationToken.None));
    }

    [Fact]
    public async Task A_record_in_use_refuses_a_second_simulator()
    {
        await using var first = await PspHost.StartAsync();

        Assert.Throws<IOException>(() => PspServer.Build(PspHost.Options(first.Folder)));
        Assert.Equal(HttpStatusCode.Created, (await first.AuthorizeAsync("k1")).Status);
    }

    [Fact]
    public async Task A_full_disk_refuses_every_operation_and_acknowledges_none()
    {
        await using var psp = await StartOnFullDiskAsync();

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "record_unavailable"), StatusAndCode(await psp.AuthorizeAsync("k1")));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "record_unavailable"), StatusAndCode(await psp.AuthorizeAsync("k1")));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await psp.Http.GetAsync("/v1/operations?reference=k1")).StatusCode);
    }

    [Fact]
    public async Task A_cancelled_run_ends_with_zero()
    {
        await using var psp = await PspHost.StartAsync();
        await psp.StopAsync();

        Assert.Equal(0, await PspServer.RunAsync(PspHost.Options(psp.Folder), new CancellationToken(canceled: true)));
    }

    [Fact]
    public async Task Many_at_once_share_flushes_and_each_has_its_line()
    {
        await using var psp = await PspHost.StartAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 500).Select(i => psp.AuthorizeAsync($"k{i}")));

        Assert.Equal(answers.Select(answer => answer.Id).Order(), (await psp.RecordsAsync()).Select(record => record.Id).Order());
    }

    [Fact]
    public void Webhooks_without_a_proper_secret_refuse_to_start()
    {
        var options = PspHost.Options(Path.GetTempPath(), webhooks: new Uri("http://127.0.0.1:9/")) with { WebhookSecret = "short" };

        Assert.Throws<ArgumentException>(() => PspServer.Build(options));
    }

    // The record locks its file, and a machine has one such device: two runs of the tests at once cannot both have it.
    private static async Task<PspHost> StartOnFullDiskAsync()
    {
        var folder = Directory.CreateTempSubdirectory("psp-");
        File.CreateSymbolicLink(Path.Combine(folder.FullName, "psp.ndjson"), "/dev/full");
        try
        {
            return await PspHost.StartOnAsync(folder.FullName);
        }
        catch (IOException)
        {
            folder.Delete(recursive: true);
            Assert.Skip("Another run of the tests has /dev/full locked.");
            throw;
        }
    }

    private static (HttpStatusCode Status, string Code) StatusAndCode(Answer answer) => (answer.Status, answer.Code);

    // The record is locked while the simulator runs, so its bytes are read over HTTP.
    private static Task<string> ReadSharedAsync(PspHost psp) => psp.Http.GetStringAsync("/v1/records");
}
