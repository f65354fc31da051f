package fastclient

import (
	"context"

	"github.com/pointwire/pointwire/jsonscan"
)

// A User is a user of an InfluxDB 1.x server.
type User struct {
	Name  string
	Admin bool
}

// ShowUsers returns the users.
func (c *Client) ShowUsers(ctx context.Context) ([]User, error) {
	var out []User
	err := c.each(ctx, newStatement("SHOW USERS"), nil, func(row *jsonscan.Row) error {
		admin, err := row.Bool(row.Series().Column("admin"))
		out = append(out, User{column(row, "user"), admin})
		return err
	})
	return out, err
}

// CreateUser creates a user. The password is sent as part of the statement,
// and not kept or logged.
func (c *Client) CreateUser(ctx context.Context, name, password string, admin bool) error {
	s := newStatement("CREATE USER ").name("User", name).words(" WITH PASSWORD ").text("Password", password)
	if admin {
		s.words(" WITH ALL PRIVILEGES")
	}
	return c.exec(ctx, s)
}

// SetPassword changes the password of a user.
func (c *Client) SetPassword(ctx context.Context, name, password string) error {
	return c.exec(ctx, newStatement("SET PASSWORD FOR ").name("User", name).words(" = ").text("Password", password))
}

// DropUser deletes a user.
func (c *Client) DropUser(ctx context.Context, name string) error {
	return c.exec(ctx, newStatement("DROP USER ").name("User", name))
}

// A Privilege is what a user may do with a database.
type Privilege string

// The privileges of InfluxDB 1.x.
const (
	PrivilegeNone  Privilege = "NO PRIVILEGES"
	PrivilegeRead  Privilege = "READ"
	PrivilegeWrite Privilege = "WRITE"
	PrivilegeAll   Privilege = "ALL PRIVILEGES"
)

func (p Privilege) check() error {
	switch p {
	case PrivilegeRead, PrivilegeWrite, PrivilegeAll:
		return nil
	}
	return &OptionError{"Privilege", "is not read, write or all"}
}

// Grant gives a user a privilege on a database.
func (c *Client) Grant(ctx context.Context, p Privilege, database, user string) error {
	if err := p.check(); err != nil {
		return err
	}
	return c.exec(ctx, newStatement("GRANT ").words(string(p)).words(" ON ").name("Database", database).words(" TO ").name("User", user))
}

// Revoke takes a privilege on a database from a user.
func (c *Client) Revoke(ctx context.Context, p Privilege, database, user string) error {
	if err := p.check(); err != nil {
		return err
	}
	return c.exec(ctx, newStatement("REVOKE ").words(string(p)).words(" ON ").name("Database", database).words(" FROM ").name("User", user))
}

// GrantAdmin makes a user an administrator.
func (c *Client) GrantAdmin(ctx context.Context, user string) error {
	return c.exec(ctx, newStatement("GRANT ALL PRIVILEGES TO ").name("User", user))
}

// RevokeAdmin makes a user no administrator.
func (c *Client) RevokeAdmin(ctx context.Context, user string) error {
	return c.exec(ctx, newStatement("REVOKE ALL PRIVILEGES FROM ").name("User", user))
}

// A Grant is a privilege that a user has on a database.
type Grant struct {
	Database  string
	Privilege Privilege
}

// ShowGrants returns the privileges of a user.
func (c *Client) ShowGrants(ctx context.Context, user string) ([]Grant, error) {
	var out []Grant
	err := c.each(ctx, newStatement("SHOW GRANTS FOR ").name("User", user), nil, func(row *jsonscan.Row) error {
		out = append(out, Grant{column(row, "database"), Privilege(column(row, "privilege"))})
		return nil
	})
	return out, err
}
