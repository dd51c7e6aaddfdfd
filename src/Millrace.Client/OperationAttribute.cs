namespace Millrace.Client;

/// <summary>Which operation of the OpenAPI document a method calls. A test holds all methods to the document, and the document to them.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OperationAttribute(string id) : Attribute
{
    public string Id { get; } = id;
}
