using System.Text.Json;

namespace NsFixture.Cli;

/// <summary>Reads a topology from JSON or YAML. docs/tool.md describes it; whatever is not known is refused, by its place in the file.</summary>
internal static class TopologyFile
{
    private static readonly Dictionary<string, LinkConditions> Presets = new(StringComparer.OrdinalIgnoreCase)
    {
        ["perfect"] = LinkConditions.Perfect, ["lan"] = LinkConditions.Lan, ["wifi"] = LinkConditions.Wifi, ["weakWifi"] = LinkConditions.WeakWifi, ["dsl"] = LinkConditions.Dsl,
        ["5g"] = LinkConditions.FiveG, ["lte"] = LinkConditions.Lte, ["umts"] = LinkConditions.Umts, ["edge"] = LinkConditions.Edge, ["satellite"] = LinkConditions.Satellite,
        ["lowOrbitSatellite"] = LinkConditions.LowOrbitSatellite,
    };

    public static Topology Read(string path)
    {
        try
        {
            if (Path.GetExtension(path).ToLowerInvariant() is ".yaml" or ".yml")
                return new Reader(path).Topology(YamlFile.Read(path));
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            return new Reader(path).Topology(document.RootElement);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new BadArgumentException($"there is no file \"{path}\": give one that describes a topology.");
        }
        catch (JsonException e)
        {
            throw new BadArgumentException($"{path} is no JSON: {e.Message}");
        }
    }

    /// <summary>What the JSON of conditions says, for a line of them: <c>lte</c>, <c>delay=50 loss=1</c>.</summary>
    public static LinkConditions Conditions(IReadOnlyList<string> words)
    {
        if (words is [var name] && Presets.TryGetValue(name, out LinkConditions? preset))
            return preset;
        LinkConditions conditions = LinkConditions.Perfect;
        foreach (string word in words)
        {
            string[] parts = word.Split('=', 2);
            conditions = parts.Length == 2 && double.TryParse(parts[1], out double value) && With(conditions, parts[0], value) is { } next ? next
                : throw new BadArgumentException($"\"{word}\" is no link condition: give one of {string.Join(", ", Presets.Keys)}, or delay=MS, jitter=MS, loss=PERCENT, duplication=PERCENT, reordering=PERCENT, corruption=PERCENT, rate=BITS.");
        }
        return conditions;
    }

    private static LinkConditions? With(LinkConditions conditions, string name, double value) => name switch
    {
        "delay" => conditions.WithDelay(TimeSpan.FromMilliseconds(value), conditions.Jitter),
        "jitter" => conditions.WithDelay(conditions.Delay, TimeSpan.FromMilliseconds(value)),
        "loss" => conditions.WithLoss(value),
        "duplication" => conditions.WithDuplication(value),
        "reordering" => conditions.WithReordering(value),
        "corruption" => conditions.WithCorruption(value),
        "rate" => conditions.WithRate((long)value),
        _ => null,
    };

    private sealed class Reader(string file)
    {
        public Topology Topology(JsonElement root)
        {
            var topology = new Topology();
            foreach (JsonProperty property in Properties(root, "the file"))
            {
                JsonElement value = property.Value;
                topology = property.Name switch
                {
                    "networks" => Items(value, "networks").Aggregate(topology, (t, item) => Network(t, item.Value, item.Place)),
                    "hosts" => Items(value, "hosts").Aggregate(topology, (t, item) => t.WithHost(Name(item.Value, item.Place), h => Node(h, item.Value, item.Place))),
                    "routers" => Items(value, "routers").Aggregate(topology, (t, item) => t.WithRouter(Name(item.Value, item.Place), r => Node(r, item.Value, item.Place))),
                    "regions" => Properties(value, "regions").Aggregate(topology, (t, region) => t.WithRegion(region.Name, Texts(region.Value, $"regions.{region.Name}"))),
                    "regionDelays" => Items(value, "regionDelays").Aggregate(topology, (t, item) => Delay(t, item.Value, item.Place)),
                    "testHost" => topology.WithTestHost(Text(value, "testHost")),
                    "seed" => topology.WithSeed((long)Number(value, "seed")),
                    "dns" => Flag(value, "dns") ? topology.WithDns() : topology,
                    _ => throw Unknown("the file", property.Name, "networks, hosts, routers, regions, regionDelays, testHost, seed or dns"),
                };
            }
            return topology;
        }

        private Topology Network(Topology topology, JsonElement element, string place) => topology.WithNetwork(Name(element, place), network =>
        {
            foreach (JsonProperty property in Properties(element, place))
            {
                string at = $"{place}.{property.Name}";
                network = property.Name switch
                {
                    "name" => network,
                    "subnet" => network.WithSubnet(Text(property.Value, at)),
                    "subnet6" => network.WithSubnet6(Text(property.Value, at)),
                    "mtu" => network.WithMtu((int)Number(property.Value, at)),
                    "conditions" => network.WithConditions(Conditions(property.Value, at)),
                    _ => throw Unknown(place, property.Name, "name, subnet, subnet6, mtu or conditions"),
                };
            }
            return network;
        });

        private TNode Node<TNode>(TNode node, JsonElement element, string place) where TNode : NodeDeclaration<TNode>
        {
            foreach (JsonProperty property in Properties(element, place))
            {
                string at = $"{place}.{property.Name}";
                node = property.Name switch
                {
                    "name" => node,
                    "on" => Items(property.Value, at).Aggregate(node, (n, item) => On(n, item.Value, item.Place)),
                    "dnsNames" => node.WithDnsNames(Texts(property.Value, at)),
                    "routes" => Properties(property.Value, at).Aggregate(node, (n, route) => n.WithRoute(route.Name, Text(route.Value, $"{at}.{route.Name}"))),
                    "nat" when node is RouterDeclaration router => (TNode)(object)router.WithNat(Text(property.Value, at), NsFixture.Nat.Home),
                    "egress" when node is RouterDeclaration router => Flag(property.Value, at) ? (TNode)(object)router.WithEgress() : node,
                    _ => throw Unknown(place, property.Name, node is RouterDeclaration ? "name, on, dnsNames, routes, nat or egress" : "name, on, dnsNames or routes"),
                };
            }
            return node;
        }

        private TNode On<TNode>(TNode node, JsonElement element, string place) where TNode : NodeDeclaration<TNode>
        {
            if (element.ValueKind == JsonValueKind.String)
                return node.On(element.GetString()!);
            string network = Properties(element, place).Where(p => p.Name == "network").Select(p => Text(p.Value, $"{place}.network")).FirstOrDefault()
                ?? throw Wrong(place, "has no \"network\"");
            return node.On(network, link =>
            {
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    string at = $"{place}.{property.Name}";
                    link = property.Name switch
                    {
                        "network" => link,
                        "address" => link.WithAddress(Text(property.Value, at)),
                        "addresses" => Texts(property.Value, at).Aggregate(link, (l, address) => l.WithAddress(address)),
                        "conditions" => link.WithConditions(Conditions(property.Value, at)),
                        _ => throw Unknown(place, property.Name, "network, address, addresses or conditions"),
                    };
                }
                return link;
            });
        }

        private Topology Delay(Topology topology, JsonElement element, string place)
        {
            string[] between = [];
            double ms = 0;
            foreach (JsonProperty property in Properties(element, place))
            {
                switch (property.Name)
                {
                    case "between":
                        between = Texts(property.Value, $"{place}.between");
                        break;
                    case "ms":
                        ms = Number(property.Value, $"{place}.ms");
                        break;
                    default:
                        throw Unknown(place, property.Name, "between or ms");
                }
            }
            return between is [var one, var other] ? topology.WithRegionDelay(one, other, TimeSpan.FromMilliseconds(ms)) : throw Wrong($"{place}.between", "is not the names of two regions");
        }

        private LinkConditions Conditions(JsonElement element, string place)
        {
            try
            {
                return TopologyFile.Conditions(element.ValueKind == JsonValueKind.String ? [element.GetString()!] : [.. Properties(element, place).Select(p => $"{p.Name}={Number(p.Value, $"{place}.{p.Name}")}")]);
            }
            catch (BadArgumentException e)
            {
                throw new BadArgumentException($"{file}: {place}: {e.Message}");
            }
        }

        private string Name(JsonElement element, string place) =>
            Properties(element, place).Where(p => p.Name == "name").Select(p => Text(p.Value, $"{place}.name")).FirstOrDefault() ?? throw Wrong(place, "has no \"name\"");

        private JsonElement.ObjectEnumerator Properties(JsonElement element, string place) => element.ValueKind == JsonValueKind.Object ? element.EnumerateObject() : throw Wrong(place, "is no object: write { }");

        private IEnumerable<(JsonElement Value, string Place)> Items(JsonElement element, string place) =>
            element.ValueKind == JsonValueKind.Array ? element.EnumerateArray().Select((value, i) => (value, $"{place}[{i}]")) : throw Wrong(place, "is no list: write [ ]");

        private string[] Texts(JsonElement element, string place) => [.. Items(element, place).Select(i => Text(i.Value, i.Place))];

        private string Text(JsonElement element, string place) => element.ValueKind == JsonValueKind.String ? element.GetString()! : throw Wrong(place, "is no text: write \"…\"");

        private double Number(JsonElement element, string place) => element.ValueKind == JsonValueKind.Number ? element.GetDouble() : throw Wrong(place, "is no number");

        private bool Flag(JsonElement element, string place) => element.ValueKind is JsonValueKind.True or JsonValueKind.False ? element.GetBoolean() : throw Wrong(place, "is neither true nor false");

        private BadArgumentException Unknown(string place, string name, string known) => Wrong(place, $"knows no \"{name}\": write {known}");

        private BadArgumentException Wrong(string place, string what) => new($"{file}: {place} {what}.");
    }
}
