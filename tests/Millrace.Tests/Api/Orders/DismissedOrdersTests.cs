using Millrace.Api.Orders.Dismissals;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.ReadModel;
using Millrace.Storage.Sqlite.Administration;
using Millrace.Tests.Domain;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.Api.Orders;

/// <summary>Dismissals as they are stored.</summary>
public sealed class DismissedOrdersTests
{
    [Fact]
    public async Task A_dismissal_that_this_version_cannot_read_hides_no_order_and_keeps_no_list()
    {
        using var folder = new TemporaryFolder();
        using var records = SqliteAdministration.Open(folder.Path);
        var (dismissed, cancellation) = (new DismissedOrders(records), TestContext.Current.CancellationToken);
        var (readable, other) = (Given.Id(0, 1), Given.Id(0, 2));
        var (_, first) = await dismissed.FindAsync(Given.Acme, readable, cancellation);
        Assert.True(await dismissed.TrySaveAsync(first, new Dismissal(3, "seen to", "maria", DateTimeOffset.UnixEpoch), cancellation));
        var (_, second) = await dismissed.FindAsync(Given.Acme, other, cancellation);
        Assert.NotNull(await records.TryWriteRecordAsync(second.With("""{"order_version":{"of":"a later version"}}"""u8.ToArray()), cancellation));

        Assert.Equal([readable], await dismissed.AmongAsync(Given.Acme, [Row(other), Row(readable)], cancellation));
        // Not as something that whoever asks has written wrongly.
        await Assert.ThrowsAsync<InvalidDataException>(() => dismissed.FindAsync(Given.Acme, other, cancellation));
    }

    private static OrderRow Row(OrderId id) => new(id, Given.Acme, OrderStatus.Pending, 3, null, null, "payment_unknown", ReadOnlyMemory<byte>.Empty);
}
