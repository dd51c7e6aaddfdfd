using Millrace.Engine.Partitions;
using Millrace.Tests.Domain;
using Xunit;

namespace Millrace.Tests.Engine.Partitions;

public sealed class NameIndexTests
{
    [Fact]
    public void Recent_names_are_exact_and_older_ones_are_maybe()
    {
        var names = new NameIndex(maxRecent: 2);
        for (ulong i = 1; i <= 4; i++)
            names.Add(i, Given.Id(random: i));
        names.Trim(unsaved: 0);

        Assert.False(names.TryFindRecent(1, out _));
        Assert.True(names.MayBeOlder(1) && names.MayBeOlder(2));
        Assert.True(names.TryFindRecent(4, out var id));
        Assert.Equal((Given.Id(random: 4), false), (id, names.MayBeOlder(4)));
    }

    [Fact]
    public void A_name_that_is_not_stored_yet_stays()
    {
        var names = new NameIndex(maxRecent: 0);
        for (ulong i = 1; i <= 4; i++)
            names.Add(i, Given.Id(random: i));
        names.Trim(unsaved: 3);
        Assert.Equal([false, true, true, true], new UInt128[] { 1, 2, 3, 4 }.Select(h => names.TryFindRecent(h, out _)));
    }

    [Fact]
    public void Until_the_stored_names_are_known_every_name_may_be_one_of_them()
    {
        var names = new NameIndex(maxRecent: 0);
        names.LackStored();
        names.Add(1, Given.Id(random: 1));
        Assert.True(names.MayBeOlder(99));
        names.Trim(unsaved: 0);

        var stored = new KeyFilter();
        stored.Add(2);
        names.AddStored(stored);
        Assert.Equal([true, true, false], new UInt128[] { 1, 2, 99 }.Select(names.MayBeOlder));
    }

    [Fact]
    public void The_first_owner_of_a_name_keeps_it()
    {
        var names = new NameIndex(maxRecent: 9);
        names.Add(1, Given.Id(random: 1));
        names.Add(1, Given.Id(random: 2));
        Assert.True(names.TryFindRecent(1, out var id));
        Assert.Equal(Given.Id(random: 1), id);
    }
}
