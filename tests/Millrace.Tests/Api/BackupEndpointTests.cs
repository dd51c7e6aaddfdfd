using Millrace.Api.Backups;
using Millrace.Api.Keys;
using Xunit;

namespace Millrace.Tests.Api;

public sealed class BackupEndpointTests(ApiServer server) : IClassFixture<ApiServer>
{
    private static readonly FinishedBackup Made = new("20260701T120000Z-1", DateTimeOffset.UnixEpoch.AddDays(1), 4_096, 4, 17);

    [Fact]
    public async Task One_backup_at_a_time_and_a_repeat_of_its_key_is_answered_with_it()
    {
        var first = new TaskCompletionSource<FinishedBackup>();
        server.NextBackup = new RunningBackup(() => (5, 10), first.Task);
        var begun = await server.PostAsync("/v1/backups", "", "one");
        Assert.Equal((202, "running", 5, 10), (begun.Status, (string)begun["status"]!, (int)begun["done_bytes"]!, (int)begun["total_bytes"]!));
        var address = begun.Header("Location")!;
        Assert.Equal("/v1/backups/" + (string)begun["id"]!, address);

        (await server.PostAsync("/v1/backups", "{}", "two")).Problem(409, "backup_running");
        var again = await server.PostAsync("/v1/backups", "", "one");
        Assert.Equal((202, "true", begun.Body), (again.Status, again.Header("Idempotent-Replayed"), again.Body));

        first.SetResult(Made);
        var done = await server.SendAsync("GET", address);
        Assert.Equal((200, "done", Made.Name, "1970-01-02T00:00:00.000Z"), (done.Status, (string)done["status"]!, (string)done["name"]!, (string)done["taken_at"]!));
        Assert.Equal((4_096, 4, 17), ((long)done["bytes"]!, (int)done["partitions"]!, (long)done["records"]!));

        server.NextBackup = new RunningBackup(() => (0, 10), Task.FromException<FinishedBackup>(new InvalidOperationException("The disk is full.")));
        var failed = await server.PostAsync("/v1/backups", "{}", "two");
        Assert.Equal(("failed", "The disk is full."), ((string)failed["status"]!, (string)failed["failure"]!));
        (await server.SendAsync("GET", "/v1/backups/bkp_other")).Problem(404, "backup_not_found");
    }

    [Fact]
    public async Task One_that_ends_while_it_is_told_of_is_not_told_as_failed()
    {
        var ending = new TaskCompletionSource<FinishedBackup>();
        server.NextBackup = new RunningBackup(() => { ending.TrySetResult(Made); return (10, 10); }, ending.Task);
        var told = await server.PostAsync("/v1/backups", "", "ending");
        Assert.Equal(("running", null), ((string)told["status"]!, (string?)told["failure"]));
        Assert.Equal("done", (string)(await server.SendAsync("GET", told.Header("Location")!))["status"]!);
    }

    [Fact]
    public async Task A_backup_needs_the_scope_of_the_installation_a_key_and_nothing_else()
    {
        (await server.SendAsync("POST", "/v1/backups", "{}", server.NewKey("acme", Scopes.Admin), headers: "Idempotency-Key: x")).Problem(403, "insufficient_scope");
        (await server.SendAsync("POST", "/v1/backups", "{}")).Problem(400, "idempotency_key_missing");
        (await server.PostAsync("/v1/backups", """{"to":"/etc"}""", "path")).Problem(422, "invalid_request");
    }
}
