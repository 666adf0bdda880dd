[assembly: IsolatedNetwork(Scope = IsolationScope.PerClass)]
