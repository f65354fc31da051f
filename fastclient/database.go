package fastclient

import "context"

// CreateDatabase creates a database. It is no error if it exists. The name may
// hold anything InfluxQL can quote: it cannot end the statement.
func (c *Client) CreateDatabase(ctx context.Context, name string) error {
	return c.exec(ctx, newStatement("CREATE DATABASE ").name("Database", name))
}

// DropDatabase deletes a database with everything in it. It is no error if
// there is none.
func (c *Client) DropDatabase(ctx context.Context, name string) error {
	return c.exec(ctx, newStatement("DROP DATABASE ").name("Database", name))
}
