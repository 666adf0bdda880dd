[assembly: IsolatedNetwork]
