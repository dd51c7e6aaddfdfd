namespace Millrace.Api.Admission;

/// <summary>What goes first when there is more than can be done.</summary>
internal enum Priority
{
    /// <summary>Finishing what was begun: cancel, ship, refund, holds.</summary>
    Change = 0,

    /// <summary>New orders, one by one.</summary>
    Place = 1,

    /// <summary>Rows of a batch, stock and catalog: whoever sends them can wait.</summary>
    Bulk = 2,

    /// <summary>Asking for what is.</summary>
    Read = 3,
}
