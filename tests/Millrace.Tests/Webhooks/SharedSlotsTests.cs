using Millrace.Domain.Identity;
using Millrace.Webhooks.Sending;
using Xunit;

namespace Millrace.Tests.Webhooks;

public sealed class SharedSlotsTests
{
    private static readonly TenantId Acme = TenantId.Parse("acme");
    private static readonly TenantId Zeta = TenantId.Parse("zeta");
    private readonly SharedSlots _slots = new(all: 3, each: 2);

    [Fact]
    public async Task A_tenant_that_has_its_part_waits_and_holds_up_nobody_else()
    {
        var first = await EnterAsync(Acme);
        await EnterAsync(Acme);
        var third = EnterAsync(Acme);
        Assert.False(third.IsCompleted);
        Assert.True(EnterAsync(Zeta).IsCompletedSuccessfully);
        first.Dispose();
        await third;
    }

    [Fact]
    public async Task Of_all_together_there_are_no_more()
    {
        var one = await EnterAsync(Acme);
        await EnterAsync(Acme);
        await EnterAsync(Zeta);
        var more = EnterAsync(Zeta);
        Assert.False(more.IsCompleted);
        one.Dispose();
        await more;
    }

    [Fact]
    public async Task Who_gives_up_waiting_for_either_keeps_nothing()
    {
        var one = await EnterAsync(Acme);
        var two = await EnterAsync(Acme);
        await EnterAsync(Zeta);
        using var patience = new CancellationTokenSource();
        var forOwn = _slots.EnterAsync(Acme, patience.Token).AsTask();
        var forAll = _slots.EnterAsync(Zeta, patience.Token).AsTask();
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => forOwn);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => forAll);
        one.Dispose();
        two.Dispose();
        Assert.True(EnterAsync(Zeta).IsCompletedSuccessfully);
        Assert.True(EnterAsync(Acme).IsCompletedSuccessfully);
    }

    private async Task<SharedSlots.Slot> EnterAsync(TenantId tenant) => await _slots.EnterAsync(tenant, TestContext.Current.CancellationToken);
}
