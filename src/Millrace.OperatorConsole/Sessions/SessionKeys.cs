using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.AuthenticatedEncryption.ConfigurationModel;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace Millrace.OperatorConsole.Sessions;

/// <summary>The one key of the framework's data protection, made of a secret that all nodes have: there is nothing to share, to keep or to rotate beside that secret.</summary>
internal sealed class SessionKeys(Func<byte[]> secret) : IXmlRepository
{
    private const string Always = "2026-01-01T00:00:00Z";
    private const string Never = "9999-01-01T00:00:00Z";

    // A cookie names the key that it was made with.
    private static readonly Guid Id = new("6f1f37a9-4c52-4a29-8f3a-5a8f0d9a0b11");

    public IReadOnlyCollection<XElement> GetAllElements() =>
    [
        new XElement(
            "key",
            new XAttribute("id", Id),
            new XAttribute("version", 1),
            new XElement("creationDate", Always),
            new XElement("activationDate", Always),
            new XElement("expirationDate", Never),
            new XElement(
                "descriptor",
                new XAttribute("deserializerType", typeof(AuthenticatedEncryptorDescriptorDeserializer).AssemblyQualifiedName!),
                new XElement(
                    "descriptor",
                    new XElement("encryption", new XAttribute("algorithm", "AES_256_CBC")),
                    new XElement("validation", new XAttribute("algorithm", "HMACSHA256")),
                    new XElement("masterKey", new XElement("value", Convert.ToBase64String(secret())))))),
    ];

    public void StoreElement(XElement element, string friendlyName) => throw new NotSupportedException("The key follows from the store's secret.");
}
